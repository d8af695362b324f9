"""What is read often on real PostgreSQL: kept answers are what fresh ones would be, and never too many."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from urllib.parse import urlencode

import httpx
import pytest

from services.catalog.api.keeping import MOST
from shared.postgres import Database
from tests.support.many_regions import keep_regions, many_regions
from tests.support.policy_office import NOW, PANZHIHUA, PolicyOffice, an_office, from_day

WHERE = "/api/catalog/regions"
LIMIT = "sla_working_days: {v: 15"
TEN_DAYS = from_day(PANZHIHUA, "2026-12-01").replace(LIMIT, "sla_working_days: {v: 10")
QUESTIONS = (
    "",
    "?at=2026-01-01",
    "?sources=true",
    "/panzhihua",
    "/panzhihua?version=1&sources=true",
    "/panzhihua/versions",
    "/panzhihua/diseases",
    "/panzhihua/diseases?q=gaoxueya",
    "/panzhihua/diseases/PZH-001",
    "/panzhihua/institutions?level=2",
    "/panzhihua/channels",
    "/panzhihua/deadlines",
    "/panzhihua/guide",
    "/panzhihua/form",
    "/panzhihua/materials?disease=PZH-001&application_type=new",
)


@pytest.fixture
async def office(database: Database) -> AsyncIterator[PolicyOffice]:
    async with an_office(database) as office:
        yield office


async def ask(office: PolicyOffice, question: str, **headers: str) -> httpx.Response:
    await office.shelf.refresh()
    return await office.client.get(f"{WHERE}{question}", headers=headers)


async def seen(office: PolicyOffice) -> str:
    """The metrics of this process."""
    return (await office.client.get("/metrics")).text


def wire(answer: httpx.Response) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
    return answer.status_code, answer.headers.raw, answer.content


@pytest.mark.parametrize("question", QUESTIONS)
async def test_a_kept_answer_is_the_fresh_one_byte_for_byte(
    office: PolicyOffice, database: Database, question: str
) -> None:
    fresh = await ask(office, question)
    etag = fresh.headers["etag"]
    async with an_office(database, delivered=False) as another:
        fresh_304 = await ask(another, question, **{"if-none-match": etag})
    await database.close()
    kept = [await office.client.get(f"{WHERE}{question}") for _ in range(3)]
    kept_304 = await office.client.get(f"{WHERE}{question}", headers={"if-none-match": etag})
    assert fresh.status_code == 200
    assert all(wire(answer) == wire(fresh) for answer in kept)
    assert (fresh_304.status_code, fresh_304.content) == (304, b"")
    assert wire(kept_304) == wire(fresh_304)
    assert (kept_304.headers["etag"], kept_304.headers["cache-control"]) == (etag, "no-cache")


@pytest.mark.parametrize(
    ("held", "status"),
    [("W/{}", 304), ('"a", {} , "b"', 304), ("*", 304), ('"a"', 200), ("", 200)],
)
async def test_a_caller_who_has_the_answer_is_told_so_fresh_or_kept(
    office: PolicyOffice, held: str, status: int
) -> None:
    etag = (await ask(office, "/panzhihua/guide?version=1")).headers["etag"]
    named = {"if-none-match": held.format(etag)}
    answers = [await ask(office, "/panzhihua/guide", **named) for _ in range(3)]
    assert [answer.status_code for answer in answers] == [status] * 3


async def test_kept_answers_are_counted_as_answers_of_their_route(office: PolicyOffice) -> None:
    line = 'mente_http_requests_total{method="GET",route="get_guide",service="catalog",status="200"} '

    def count(metrics: str) -> float:
        return next((float(one.removeprefix(line)) for one in metrics.splitlines() if line in one), 0)

    before = count(await seen(office))
    for _ in range(3):
        await ask(office, "/panzhihua/guide?stranger-says=1")
    metrics = await seen(office)
    assert count(metrics) - before == 3
    assert "stranger" not in metrics


async def test_after_a_publication_the_next_answer_is_the_new_version(office: PolicyOffice) -> None:
    questions = ("/panzhihua/deadlines?at=2026-12-01", "/panzhihua/versions", "/panzhihua/deadlines")
    before = [(await ask(office, question)).json() for question in questions for _ in range(2)]
    await office.publish(TEN_DAYS)
    announced, versions, today = [(await ask(office, question)).json() for question in questions]
    assert before[0]["deadlines"]["sla_working_days"] == 15
    assert announced["deadlines"]["sla_working_days"] == 10
    assert [one["version"] for one in versions] == [1, 2]
    assert today == before[-1]


async def test_a_policy_that_begins_tomorrow_is_shown_from_midnight_in_shanghai(office: PolicyOffice) -> None:
    await office.publish(TEN_DAYS)
    limits = []
    for now in (datetime(2026, 11, 30, 15, 59, 59, tzinfo=UTC), datetime(2026, 11, 30, 16, 0, tzinfo=UTC)):
        office.now = now
        for _ in range(2):
            deadlines = (await ask(office, "/panzhihua/deadlines")).json()["deadlines"]
            limits.append(deadlines["sla_working_days"])
    assert limits == [15, 15, 10, 10]


async def test_a_version_and_a_day_that_are_named_stay_what_they_were(office: PolicyOffice) -> None:
    pinned = [(await ask(office, f"/panzhihua?{name}")).content for name in ("version=1", "at=2026-11-30")]
    await office.publish(TEN_DAYS)
    office.now = datetime(2026, 12, 24, tzinfo=UTC)
    again = [(await ask(office, f"/panzhihua?{name}")).content for name in ("version=1", "at=2026-11-30")]
    assert again == pinned
    assert (await ask(office, "/panzhihua")).json()["version"] == 2


async def test_before_its_first_day_a_region_has_no_policy_and_nothing_of_that_is_kept(
    office: PolicyOffice, database: Database
) -> None:
    (policy,) = many_regions(1)
    later = policy.model_copy(update={"effective_from": datetime(2026, 12, 1, tzinfo=UTC).date()})
    await keep_regions(database, [later], NOW)
    answers = [await ask(office, f"/{policy.region}/guide") for _ in range(2)]
    assert [answer.json()["code"] for answer in answers] == ["none-in-force"] * 2
    listed = [one["region"] for one in (await ask(office, "")).json()]
    assert listed == ["panzhihua", "shangrao"]
    office.now = datetime(2026, 12, 1, tzinfo=UTC)
    assert (await ask(office, f"/{policy.region}/guide")).status_code == 200
    listed = [one["region"] for one in (await ask(office, "")).json()]
    assert listed == ["panzhihua", policy.region, "shangrao"]


async def test_strangers_who_ask_ten_thousand_questions_push_out_only_each_other(
    office: PolicyOffice, database: Database
) -> None:
    kept = office.app.state.kept
    for _ in range(2):
        await ask(office, "/panzhihua/guide")
    await office.shelf.refresh()
    most = 0
    for number in range(10_000):
        path = "/panzhihua/versions" if number % 100 else "/panzhihua"
        answer = await office.client.get(f"{WHERE}{path}?" + urlencode({"stranger": f"{number:0200}"}))
        assert answer.status_code == 200
        most = max(most, kept.size)
    assert MOST // 5 < most <= MOST
    await database.close()
    assert (await office.client.get(f"{WHERE}/panzhihua/guide")).status_code == 200
    early = await office.client.get(f"{WHERE}/panzhihua?" + urlencode({"stranger": f"{0:0200}"}))
    assert early.status_code == 503


async def test_without_its_database_what_is_kept_is_still_answered(
    office: PolicyOffice, database: Database
) -> None:
    await ask(office, "/panzhihua/guide")
    await database.close()
    kept = await office.client.get(f"{WHERE}/panzhihua/guide")
    other = await office.client.get(f"{WHERE}/panzhihua/channels")
    assert (kept.status_code, kept.json()["notice"]["version"]) == (200, "panzhihua-notice-2")
    assert (other.status_code, other.json()["code"]) == (503, "database-away")


async def test_nothing_of_staff_is_kept(office: PolicyOffice) -> None:
    badge = {"authorization": "Bearer policy_editor-1"}
    for path in ("/files", "/drafts", "/files/national/versions/1"):
        assert (await office.client.get(f"/api/catalog{path}", headers=badge)).status_code == 200
        assert (await office.client.get(f"/api/catalog{path}")).status_code == 401
    assert office.app.state.kept.size == 0


async def test_the_list_names_every_region_without_reading_it_whole(
    office: PolicyOffice, database: Database
) -> None:
    regions = many_regions(30)
    await keep_regions(database, regions, NOW)
    listed = (await ask(office, "")).json()
    assert [one["region"] for one in listed] == sorted(
        ["panzhihua", "shangrao", *(policy.region for policy in regions)]
    )
    assert [one["name"] for one in listed if one["region"] == "region007"] == ["第7市"]
    whole = (await ask(office, "/region007")).json()
    (part,) = (one for one in listed if one["region"] == "region007")
    assert part == {name: whole[name] for name in part if name not in {"unverified", "disputed"}} | {
        name: part[name] for name in part if name in {"unverified", "disputed"}
    }
