"""A service's state is what the topics say: folded from them, or rebuilt from them alone, it is equal."""

import asyncio
import hashlib
import hmac
import importlib
import io
import json
import random
import re
from collections import defaultdict
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from functools import reduce
from typing import Any

import asyncpg
import httpx
import pytest
from rich.console import Console

from deploy.audit.rebuilding import Outcome, rebuild
from deploy.audit_cli.rebuilding import rebuild_place
from deploy.demo import STORIES, run
from deploy.local.stack import PARTS, Stack
from services.intake.domain import following
from services.intake.store.applications import AS_THEY_ARE
from services.notify.domain import message
from services.notify.domain.announcing import Template
from services.review.domain import fold
from services.review.store.cases import STATE
from shared.contracts.base import Event
from shared.contracts.messages import MessageChannel
from shared.contracts.topics import EVENTS
from tests.chaos.run import Run
from tests.support.bus import until
from tests.support.notify_desk import Gateway
from tests.support.observing import Told, fetch, read_all, sent_texts
from tests.support.quiet import until_quiet
from tests.support.stack import StackUnderTest, embedded_stack

pytestmark = pytest.mark.timeout(600)
SERVICES = ("intake", "review", "notify")
KINDS = {kind.type: kind for kind in EVENTS}
STATES = "SELECT DISTINCT state FROM messages"


@pytest.fixture(scope="module")
def running() -> Iterator[StackUnderTest]:
    """The whole system on free ports."""
    with embedded_stack(PARTS) as started:
        yield started


@pytest.fixture(scope="module")
async def history(running: StackUnderTest) -> AsyncIterator[Run]:
    """Stories with every act, many who only submit, one withdrawn and erased, texts that do not arrive."""
    for name in STORIES:
        told = io.StringIO()
        assert await run(running.stack, only=name, as_json=True, screen=Console(file=told)), told.getvalue()
    async with Run(running, random.Random(7), long=False) as living:
        await living.driver.burst(12)
        await until_quiet(living.stack)
        gateway = Gateway(living.stack.sms_url, living.stack.secret("sms.secret"))
        await gateway.behave("error")
        await living.driver.burst(3)
        *_, erased, lost, _ = living.recorder.receipts().values()
        await living.driver.withdraw(erased["acceptance_no"])
        await erase(living.stack, erased["person_id"])
        await report_undelivered(living.stack, lost["application_id"])
        await gateway.behave("normal")
        await gateway.admin.aclose()
        await until_quiet(living.stack)
        yield living


async def erase(stack: Stack, person_id: str) -> None:
    """Two members of staff have a person erased."""
    async with httpx.AsyncClient(base_url=stack.service_url("intake"), trust_env=False) as http:

        async def post(who: str, path: str, body: Any) -> Any:
            form = {"grant_type": "password", "username": who}
            token = (await http.post(f"{stack.oidc_issuer}/token", data=form)).json()["access_token"]
            badge = {"authorization": f"Bearer {token}"}
            answer = await http.post(f"/api/intake/erasures{path}", json=body, headers=badge)
            assert answer.is_success, answer.text
            return answer.json()

        asked = await post("operator", "", {"person_id": person_id, "reason": "asked for"})
        await post("supervisor", f"/{asked['erasure_id']}/approval", {})


async def report_undelivered(stack: Stack, application_id: str) -> None:
    """The provider says of the text of an application that it did not reach the phone."""
    sql = "SELECT message_id FROM messages WHERE application_id = ANY($1::uuid[]) AND channel = 'sms'"

    async def queued() -> Any:
        return await fetch(stack.database_as_admin("notify"), sql, [application_id])

    ((row,), secret) = (await until(queued, within=30), stack.secret("sms.secret"))
    told = {"reference": str(row["message_id"]), "provider_id": "P-9", "state": "undelivered"}
    body = json.dumps(told | {"at": datetime.now(UTC).isoformat()}).encode()
    headers = {"x-sms-signature": signature(secret, body), "content-type": "application/json"}
    async with httpx.AsyncClient(base_url=stack.service_url("notify"), trust_env=False) as http:
        answer = await http.post("/api/notify/sms/receipts", content=body, headers=headers)
        assert answer.status_code == 202, answer.text


def signature(secret: str, body: bytes) -> str:
    """How the provider signs what it reports."""
    return hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()


async def rebuilt(stack: Stack, service: str, **options: bool) -> Outcome:
    """What a rebuild of this service finds."""
    app = importlib.import_module(f"services.{service}.app")
    place = rebuild_place(stack, service, app.MIGRATIONS)
    return await rebuild(place, app.replay(), lambda *_: None, **options)


async def stated(stack: Stack, *topics: str) -> dict[tuple[str, str], list[tuple[int, Event]]]:
    """Every event of these topics with its number, by topic and key, in order."""
    found: dict[tuple[str, str], list[tuple[int, Event]]] = defaultdict(list)
    for one in sorted(map(Told.of, await read_all(stack.kafka, topics)), key=lambda told: told.sequence):
        found[one.topic, one.key].append((one.sequence, KINDS[one.type].read(one.body)))
    return found


async def test_cases_are_the_fold_of_what_review_stated(history: Run) -> None:
    rows = await fetch(history.stack.database_as_admin("review"), "SELECT * FROM cases")
    told = await stated(history.stack, "review.cases")

    assert len(rows) == len(told) > 15
    for row in rows:
        case = fold(event for _, event in told["review.cases", str(row["application_id"])])
        assert STATE.validate_python(row["state"]) == case
        shown = (case.status, case.stage, case.due_on, case.due_provisional, case.sequence, case.changed_at)
        names = ("status", "stage", "due_on", "due_provisional", "sequence", "changed_at")
        assert shown == tuple(row[name] for name in names)


async def test_applications_are_the_fold_of_what_intake_and_review_stated(history: Run) -> None:
    rows = await fetch(history.stack.database_as_admin("intake"), "SELECT * FROM applications")
    told = await stated(history.stack, "intake.applications", "review.cases")
    for row in rows:
        key = str(row["application_id"])
        (_, first), *own = told["intake.applications", key]
        placed = [((event.followed, 1, number), event) for number, event in own]
        placed += [((number, 0, 0), event) for number, event in told["review.cases", key]]
        events = [event for _, event in sorted(placed, key=lambda one: one[0])]
        view = following.evolve(following.opened(first), events)
        names = set(AS_THEY_ARE) - {"followed"} | {"status", "stage"}
        assert {name: getattr(view, name) for name in names} == {name: row[name] for name in names}
        assert ",".join(view.papers) == row["papers"]


async def test_messages_are_the_fold_of_what_notify_stated(history: Run) -> None:
    rows = await fetch(history.stack.database_as_admin("notify"), "SELECT * FROM messages")
    told = await stated(history.stack, "notify.messages")
    names = ("attempts", "text", "segments", "reason", "sent_at", "settled_at", "template_version")
    for row in rows:
        fresh = message.Delivery(
            *(row["message_id"], row["application_id"], MessageChannel(row["channel"])),
            *(Template(row["template"]), row["template_version"], message.State.QUEUED, 0, row["due_at"]),
        )
        about = [e for _, e in told["notify.messages", str(row["application_id"])]]
        folded = reduce(message.evolve, [e for e in about if e.message_id == row["message_id"]], fresh)
        assert folded.state == row["state"]
        assert {name: getattr(folded, name) for name in names} == {name: row[name] for name in names}
    assert {row["state"] for row in rows} >= {"sent", "delivered", "undelivered", "suppressed"}


@pytest.mark.parametrize("service", SERVICES)
async def test_the_live_tables_are_what_the_topics_say_while_life_goes_on(history: Run, service: str) -> None:
    async with history.driver.load(rate=10):
        found = await rebuilt(history.stack, service)

    assert found.equal, (found.faults, found.comparison.first)
    assert found.comparison.live.hash == found.comparison.rebuilt.hash
    assert found.records > 100


@pytest.mark.parametrize("service", SERVICES)
async def test_a_rebuild_sends_nothing_states_nothing_and_leaves_nothing(history: Run, service: str) -> None:
    await until_quiet(history.stack)
    before = await traces(history.stack, service)

    assert (await rebuilt(history.stack, service)).equal

    assert await traces(history.stack, service) == before


async def traces(stack: Stack, service: str) -> tuple[object, ...]:
    """What a rebuild would leave: texts, events, databases."""
    outbox = await fetch(stack.database_as_admin(service), "SELECT max(id) AS last FROM outbox")
    databases = await fetch(stack.postgres_admin, "SELECT datname FROM pg_database ORDER BY 1")
    records = await read_all(stack.kafka, ("intake.applications", "review.cases", "notify.messages"))
    return outbox, databases, len(records), await sent_texts(stack.sms_url)


PLANTED = {
    "intake": ("applications", "status", "UPDATE applications SET status = 'approved' WHERE {}"),
    "review": ("cases", "due_on", "UPDATE cases SET due_on = due_on + 1 WHERE {}"),
    "notify": ("messages", "reason", "UPDATE messages SET reason = 'other' WHERE {}"),
}


@pytest.mark.parametrize("service", SERVICES)
async def test_one_altered_row_is_found_and_named(history: Run, service: str) -> None:
    table, column, update = PLANTED[service]
    first, *_ = history.recorder.receipts().values()
    where = f"application_id = '{first['application_id']}'"
    owner = await asyncpg.connect(history.stack.database_as_owner(service))
    kept = [dict(row) for row in await owner.fetch(f"SELECT * FROM {table} WHERE {where}")]
    await owner.execute(update.format(where))

    found = await rebuilt(history.stack, service)

    for row in kept:
        key = "message_id" if table == "messages" else "application_id"
        await owner.execute(f"UPDATE {table} SET {column} = $1 WHERE {key} = $2", row[column], row[key])
    await owner.close()
    assert not found.equal
    assert found.comparison.different == len(kept)
    assert found.comparison.first is not None
    assert found.comparison.first.startswith(f"{table}, ")
    assert f": {column} is " in found.comparison.first
    assert (await rebuilt(history.stack, service)).equal


async def test_a_row_that_nobody_stated_is_found(history: Run) -> None:
    owner = await asyncpg.connect(history.stack.database_as_owner("review"))
    first, *_ = history.recorder.receipts().values()
    await owner.execute(
        "INSERT INTO expert_opinions VALUES ($1, 'nobody', 'approved', now())", first["application_id"]
    )
    found = await rebuilt(history.stack, "review")
    await owner.execute("DELETE FROM expert_opinions WHERE expert = 'nobody'")
    await owner.close()
    assert found.comparison.first is not None
    assert re.match(r"expert_opinions, .* the topics do not tell of it", found.comparison.first)


async def test_two_rebuilds_of_a_service_do_not_meet(history: Run) -> None:
    both = await asyncio.gather(*(rebuilt(history.stack, "notify") for _ in range(2)), return_exceptions=True)
    refused = [one for one in both if isinstance(one, Exception)]
    assert [getattr(one, "code", one) for one in refused] == ["rebuild-runs"]
