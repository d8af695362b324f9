"""Catalog on real PostgreSQL and Kafka: what is published, when it is refused, and what is answered."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime

import httpx
import pytest
from aiokafka import ConsumerRecord

from services.catalog import actions
from services.catalog.app import read_documents, read_sheets
from services.catalog.domain.composing import Made
from services.catalog.domain.publishing import DELIVERED
from services.catalog.store import documents, sheets
from shared.contracts.calendars import CalendarDocument
from shared.contracts.policies import CalendarPublished, PolicyPublished, RegionPolicy
from shared.postgres import Database
from shared.relay import Relay
from tests.support.bus import Bus
from tests.support.loops import running
from tests.support.policy_office import an_office

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
SHEETS = read_sheets()
STATED = "SELECT event_id, topic, key, sequence FROM outbox ORDER BY id"


@pytest.fixture
async def api(database: Database) -> AsyncIterator[httpx.AsyncClient]:
    async with an_office(database) as office:
        yield office.client


async def published(bus: Bus, topic: str, ids: set[str]) -> list[ConsumerRecord]:
    """The records of a topic with these event ids; other tests publish there too."""
    found: list[ConsumerRecord] = []
    for count in (1, 10, 100, 1000):
        found = [r for r in await bus.read(topic, count, within=3) if header(r, "ce_id") in ids]
        if len(found) >= len(ids):
            break
    return found


def header(record: ConsumerRecord, name: str) -> str:
    return str(dict(record.headers)[name], "utf-8")


async def test_the_first_start_delivers_every_file_and_the_next_none(database: Database) -> None:
    first = await actions.deliver(database, SHEETS, NOW)
    again = await actions.deliver(database, SHEETS, NOW)
    assert sorted(event.key for event in first) == ["2025", "2026", "panzhihua", "shangrao"]
    assert again == []
    assert len(await database.fetch(STATED)) == 4


async def test_a_reader_of_the_bus_gets_whole_documents(database: Database, kafka: str) -> None:
    await actions.deliver(database, SHEETS, NOW)
    rows = await database.fetch(STATED)
    ids = {
        topic: {str(r["event_id"]) for r in rows if r["topic"] == topic}
        for topic in {r["topic"] for r in rows}
    }
    async with running(Relay(database, service="catalog", kafka=kafka)), Bus(kafka) as bus:
        policies = await published(bus, PolicyPublished.topic, ids[PolicyPublished.topic])
        calendars = await published(bus, CalendarPublished.topic, ids[CalendarPublished.topic])
    read = [PolicyPublished.read(record.value) for record in policies]
    known = {d.region: d for d in read_documents() if isinstance(d, RegionPolicy)}
    assert {event.region: event.document for event in read} == known
    assert {header(record, "ce_type") for record in calendars} == {"calendar-published"}
    assert {CalendarPublished.read(record.value).year for record in calendars} == {2025, 2026}


async def test_two_starts_at_once_deliver_each_file_once(database: Database) -> None:
    both = await asyncio.gather(*(actions.deliver(database, SHEETS, NOW) for _ in range(2)))
    assert sorted(len(events) for events in both) == [0, 4]


async def test_a_region_that_comes_with_a_later_release_is_delivered_then(database: Database) -> None:
    without = [sheet for sheet in SHEETS if sheet.key != "region:shangrao"]
    await actions.deliver(database, without, NOW)
    (event,) = await actions.deliver(database, SHEETS, NOW)
    assert event.key == "shangrao"


async def test_the_regions_are_listed(api: httpx.AsyncClient) -> None:
    listed = (await api.get("/api/catalog/regions")).json()
    assert [(one["region"], one["benefit_name"], one["version"]) for one in listed] == [
        ("panzhihua", "门诊特殊疾病（门特）", 1),
        ("shangrao", "门诊慢特病", 1),
    ]


async def test_a_disease_is_found_by_an_everyday_name(api: httpx.AsyncClient) -> None:
    found = (await api.get("/api/catalog/regions/panzhihua/diseases", params={"q": "高血压病"})).json()
    assert [(one["code"], one["name"]) for one in found] == [("PZH-001", "高血压")]
    assert len((await api.get("/api/catalog/regions/shangrao/diseases")).json()) == 35


async def test_the_papers_for_a_disease_are_listed(api: httpx.AsyncClient) -> None:
    where = "/api/catalog/regions/shangrao/materials"
    asked = {"disease": "SRG-012", "application_type": "new"}
    papers = (await api.get(where, params=asked)).json()
    assert [paper["kind"] for paper in papers] == [
        "application_form",
        "medical_evidence",
        "physician_opinion",
    ]
    with_agent = (await api.get(where, params=asked | {"agent": "true"})).json()
    assert [paper["kind"] for paper in with_agent][-1] == "authorization_letter"


async def test_deadlines_come_with_the_calendars_they_are_counted_by(api: httpx.AsyncClient) -> None:
    shown = (await api.get("/api/catalog/regions/panzhihua/deadlines")).json()
    assert shown["deadlines"]["sla_working_days"] == 15
    assert [calendar["year"] for calendar in shown["calendars"]] == [2025, 2026]


async def test_sources_are_shown_to_those_who_ask(api: httpx.AsyncClient) -> None:
    where = "/api/catalog/regions/panzhihua/deadlines?sources=true"
    limit = (await api.get(where)).json()["deadlines"]["sla_working_days"]
    assert (limit["v"], limit["src"], limit["grade"], limit["origin"]) == (15, "articleP", "C", "city")


async def test_channels_and_guide_are_shown(api: httpx.AsyncClient) -> None:
    channels = (await api.get("/api/catalog/regions/shangrao/channels")).json()
    assert [channel["id"] for channel in channels][:2] == ["ganfutong", "jiangxi_portal"]
    guide = (await api.get("/api/catalog/regions/panzhihua/guide")).json()
    assert guide["notice"]["version"] == "panzhihua-notice-2"
    assert "60日" in guide["remedy"]["text_zh"]


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/api/catalog/regions/nowhere", 404, "region-unknown"),
        ("/api/catalog/regions/panzhihua?version=99", 404, "version-unknown"),
        ("/api/catalog/regions/panzhihua/materials?disease=PZH-999", 404, "disease-unknown"),
        ("/api/catalog/regions/panzhihua/materials", 422, "request-invalid"),
        (
            "/api/catalog/regions/panzhihua/materials?disease=PZH-001&application_type=x",
            422,
            "request-invalid",
        ),
        ("/api/catalog/regions/%00", 422, "request-invalid"),
        ("/api/catalog/regions/panzhihua?version=99999999999", 422, "request-invalid"),
    ],
)
async def test_a_wrong_question_gets_a_problem(
    api: httpx.AsyncClient, path: str, status: int, code: str
) -> None:
    answer = await api.get(path)
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"


async def test_an_answer_that_the_caller_has_is_not_sent_again(api: httpx.AsyncClient) -> None:
    first = await api.get("/api/catalog/regions/panzhihua")
    again = await api.get("/api/catalog/regions/panzhihua", headers={"if-none-match": first.headers["etag"]})
    other = await api.get("/api/catalog/regions/panzhihua", headers={"if-none-match": '"other"'})
    assert (again.status_code, again.content) == (304, b"")
    assert other.status_code == 200


async def test_without_its_database_catalog_says_so(api: httpx.AsyncClient, database: Database) -> None:
    assert (await api.get("/health/ready")).status_code == 200
    await database.close()
    answer, ready = await api.get("/api/catalog/regions"), await api.get("/health/ready")
    assert (answer.status_code, answer.json()["code"]) == (503, "database-away")
    assert ready.status_code == 503
    assert ready.json()["parts"]["database"]["reason"] == "the database does not answer"


async def test_nothing_published_is_not_ready(database: Database) -> None:
    async with an_office(database, delivered=False) as office:
        ready = await office.client.get("/health/ready")
    assert ready.json()["parts"]["documents"]["reason"] == "no policy is published yet"


async def test_what_an_earlier_release_published_goes_on_under_its_numbers(database: Database) -> None:
    """The release before kept documents alone; the calendars are the same, a policy says more now."""
    calendars = [d for d in read_documents() if isinstance(d, CalendarDocument)]
    async with database.transaction() as tx:
        for calendar in calendars:
            await documents.add_calendar(tx, calendar, DELIVERED, NOW)
        older = next(d for d in read_documents() if isinstance(d, RegionPolicy))
        made = Made(older.model_copy(update={"standards": (), "online": None}), ())
        await documents.add_policy(tx, made, DELIVERED, NOW)
    stated = await actions.deliver(database, SHEETS, NOW)
    assert sorted((one.key, one.version) for one in stated) == [("panzhihua", 2), ("shangrao", 1)]


STATEMENTS = [
    (name, sql)
    for module in (documents, sheets)
    for name, sql in vars(module).items()
    if name.isupper() and isinstance(sql, str) and " " in sql
]


@pytest.mark.parametrize(("name", "sql"), STATEMENTS)
async def test_every_statement_fits_the_schema(database: Database, name: str, sql: str) -> None:
    async with database.transaction() as tx:
        assert await tx.prepare(sql), name
