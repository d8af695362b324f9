"""The demonstration on the whole embedded stack: three stories, then many applications at once."""

import asyncio
import io
import json
import os
import subprocess
import sys
from collections.abc import Iterator

import asyncpg
import pytest
from rich.console import Console

from deploy.demo import STORIES, run, run_many
from deploy.local.stack import PARTS, Stack
from tests.support.bus import until
from tests.support.stack import StackUnderTest, embedded_stack, in_thread

SECONDS = 400
TO_ACCEPTANCE = ["application-submitted", "case-opened", "application-accepted"]
EVENTS = {
    "hypertension-panzhihua": [*TO_ACCEPTANCE, "review-forwarded", "decision-made"],
    "missing-opinion-shangrao": [
        *TO_ACCEPTANCE,
        "material-requested",
        "material-supplied",
        "review-resumed",
        "review-forwarded",
        "expert-opinion-given",
        "expert-opinion-given",
        "review-forwarded",
        "decision-made",
    ],
    "old-record-panzhihua": [*TO_ACCEPTANCE, "review-forwarded", "decision-made"],
}
TOLD = {
    "hypertension-panzhihua": ["submitted", "accepted", "approved"],
    "missing-opinion-shangrao": ["submitted", "accepted", "material_requested", "approved"],
    "old-record-panzhihua": ["submitted", "accepted", "rejected"],
}
OUTCOMES = {
    "hypertension-panzhihua": "approved",
    "missing-opinion-shangrao": "approved",
    "old-record-panzhihua": "rejected, then re-applied",
}

pytestmark = pytest.mark.timeout(SECONDS)


@pytest.fixture(scope="module")
def running() -> Iterator[StackUnderTest]:
    """The whole system on free ports."""
    with embedded_stack(PARTS) as started:
        yield started


@pytest.fixture(scope="module")
def stack(running: StackUnderTest) -> Stack:
    """Where it listens."""
    return running.stack


@pytest.mark.parametrize("name", STORIES)
async def test_each_story_ends_as_told(stack: Stack, name: str) -> None:
    file = io.StringIO()

    assert await run(stack, only=name, as_json=True, screen=Console(file=file)), file.getvalue()

    (line,) = map(json.loads, file.getvalue().splitlines())
    assert (line["story"], line["outcome"]) == (name, OUTCOMES[name])
    assert line["events"] == EVENTS[name]
    assert_all_arrived(line, TOLD[name])
    assert line["seconds"] > 0


async def test_an_auditor_is_told_who_looked_at_the_application_in_all_services(stack: Stack) -> None:
    file = io.StringIO()
    assert await run(stack, only="hypertension-panzhihua", as_json=True, screen=Console(file=file))
    line = json.loads(file.getvalue())

    lines = (await asyncio.to_thread(access, stack, line["application_id"], "--json")).splitlines()
    looks = [json.loads(one) for one in lines]
    assert {look["service"] for look in looks} == {"intake", "review", "notify"}
    (unmasked,) = [look for look in looks if look["act"] == "post_unmask"]
    assert (unmasked["actor"], unmasked["fields"]) == ("panzhihua-acceptance", ["id_number"])
    assert unmasked["reason"] == "与申请表上的身份证号码核对"
    assert [look["at"] for look in looks] == sorted(look["at"] for look in looks)

    told = await asyncio.to_thread(access, stack, line["acceptance_no"])
    for words in ("id number in full", "reason: 与申请表", "the case, persons masked", "who looked at it"):
        assert words in told
    assert "the person, vouched for by" in told


def access(stack: Stack, *words: str) -> str:
    """What `mente audit access` prints."""
    environment = {**os.environ, "MENTE_HOME": str(stack.home), "COLUMNS": "200"}
    command = [sys.executable, "-m", "deploy.cli", "audit", "access", *words]
    ended = subprocess.run(command, check=False, env=environment, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 0, ended.stderr
    return ended.stdout


async def test_the_rejected_applicant_has_an_accepted_application_in_the_end(stack: Stack) -> None:
    file = io.StringIO()

    assert await run(stack, only="old-record-panzhihua", as_json=True, screen=Console(file=file))

    line = json.loads(file.getvalue())
    again = line["reapplied"]
    assert again["application_id"] != line["application_id"]
    assert again["events"] == TO_ACCEPTANCE
    assert_all_arrived(again, ["submitted", "accepted"])


async def test_a_layman_reads_the_words_and_the_place_of_each_event(stack: Stack) -> None:
    file = io.StringIO()
    screen = Console(file=file, width=120, highlight=False)

    assert await run(stack, only="missing-opinion-shangrao", screen=screen)

    told = file.getvalue()
    assert "【上饶医疗保障】您的申请(尾号" in told
    assert "submission-received, intake.receipts partition" in told
    assert "Working day 20 after" in told
    assert "Ended as told" in told


async def test_forty_applications_at_once_lose_and_double_nothing(stack: Stack) -> None:
    file = io.StringIO()

    assert await run_many(stack, 40, as_json=True, screen=Console(file=file)), file.getvalue()

    tally = json.loads(file.getvalue())
    assert (tally["submitted"], tally["cases"], tally["decided"], tally["messages"]) == (40, 40, 40, 240)
    assert (tally["lost"], tally["doubled"], tally["problems"]) == (0, 0, {})
    assert tally["submit_to_task"]["p50"] > 0
    assert tally["decision_to_sms"]["p99"] > 0


async def test_intake_killed_in_the_middle_costs_nobody_an_application(running: StackUnderTest) -> None:
    file = io.StringIO()
    many = asyncio.create_task(run_many(running.stack, 100, as_json=True, screen=Console(file=file)))
    before = await applications(running)

    async def some_are_in() -> bool:
        return await applications(running) > before

    await until(some_are_in, within=60, every=0.01)
    await in_thread(running.kill, "intake")
    assert await applications(running) < before + 100, "the demonstration was over before the kill"
    await asyncio.sleep(1)
    await in_thread(running.start_again, "intake")

    assert await many, file.getvalue()
    tally = json.loads(file.getvalue())
    assert (tally["submitted"], tally["cases"], tally["decided"], tally["messages"]) == (100, 100, 100, 600)
    assert (tally["lost"], tally["doubled"], tally["problems"]) == (0, 0, {})


async def applications(running: StackUnderTest) -> int:
    """How many intake has taken."""
    connection = await asyncpg.connect(running.database("intake"))
    try:
        return int(await connection.fetchval("SELECT count(*) FROM applications"))
    finally:
        await connection.close()


def assert_all_arrived(line: dict, templates: list[str]) -> None:
    """Every message went out by SMS and into the inbox, and reached its person."""
    states = {(m["channel"], m["template"]): m["state"] for m in line["messages"]}
    wanted = {("sms", template): "delivered" for template in templates}
    assert states == wanted | {("in_app", template): "sent" for template in templates}
    assert len(line["messages"]) == 2 * len(templates)
    assert line["due_on"] > "2026"
