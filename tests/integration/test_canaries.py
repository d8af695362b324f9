"""What names or describes a person is in clear nowhere in the whole system, and erased it stays away."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource, ResourceType

from deploy.audit.reading import records_of, spans_of
from deploy.audit.tips import published_tips
from deploy.audit.verifying import Claim, verify
from deploy.demo.applying import Application, publish
from deploy.demo.bus import has
from deploy.demo.clients import Sender
from deploy.demo.dossiers import Wish, an_offer, physician_opinion
from deploy.demo.papers import File, Paper
from deploy.demo.persons import Figure, check_character
from deploy.demo.world import World, open_world
from deploy.local.stack import PARTS, Stack
from services.intake.actions import restate_erased
from shared.contracts.submissions import ApplicantClass, Material
from shared.contracts.topics import PERSON_KEYS, TOPICS
from shared.postgres import Database, Row
from shared.sealing import box_text
from shared.signing import SignedCall, sign
from tests.support.bus import until
from tests.support.dumping import everything
from tests.support.stack import embedded_stack

SERVICES = ("catalog", "intake", "review", "notify")
CHAINED = [topic.name for topic in TOPICS if topic.in_sequence]
NUMBER = "99010119611111007"
SINGER = Figure("金丝雀鸣", NUMBER + check_character(NUMBER), "19987654321")
WORDS = "金丝雀在唱歌"
LETTER = b"%PDF-1.7\n% the canary sings at half past six\n"
SECRET = (SINGER.name, SINGER.id_number, SINGER.phone, WORDS, "the canary sings")
KEY = "SELECT key_id, box FROM person_keys WHERE person_id = $1"
PAPERS = "SELECT key_id, box FROM materials"

pytestmark = pytest.mark.timeout(420)


@pytest.fixture(scope="module")
def stack() -> Iterator[Stack]:
    """The whole system on free ports."""
    with embedded_stack(PARTS) as running:
        yield running.stack


@pytest.fixture
async def world(stack: Stack) -> AsyncIterator[World]:
    async with open_world(stack) as opened:
        yield opened


async def a_paper(sender: Sender, kind: str) -> Material:
    """The paper of the canary, uploaded as whatever kind is asked for."""
    paper = Paper(kind, "", (), issuer="医院", issuer_level=3, issued_on=datetime.now(UTC).date())
    return await sender.upload(replace(paper, stamped=True), File(LETTER, "application/pdf"))


async def a_life(world: World) -> Application:
    """By the bus to a rejection, everybody in between speaking of the person."""
    sender = world.sender("ganfutong")
    wish = Wish(SINGER, "shangrao", "SRG-016", "糖尿病", ApplicantClass.RESIDENT)
    papers = [await a_paper(sender, kind) for kind in ("application_form", "discharge_summary")]
    receipt, seen = await publish(world, sender, an_offer(wish, papers, await world.notice("shangrao")))
    application = Application(world, sender, wish, receipt, seen)
    await application.until(has("case-opened"), "its case was opened")
    await application.act("acceptance", "accept")
    asked = {"items": [{"kind": "physician_opinion", "detail": WORDS}]}
    await application.act("first-1", "material-requests", asked)
    await application.until_shown("pending_supplement")
    opinion = physician_opinion(world.today()).model_copy(update={"opinion": WORDS, "physician": SINGER.name})
    page = await a_paper(sender, "physician_opinion")
    supplied = {
        "materials": [page.model_dump(mode="json", exclude_none=True)],
        "physician_opinion": opinion.model_dump(mode="json"),
    }
    await sender.supply(receipt.acceptance_no, supplied)
    await application.until(has("review-resumed"), "review goes on")
    await application.act("first-1", "forward", {"to_stage": "expert", "opinion": WORDS})
    for expert in ("expert-1", "expert-2"):
        await application.act(expert, "opinions", {"recommendation": "reject", "opinion": WORDS})
    await application.act("expert-2", "forward", {"to_stage": "final", "opinion": WORDS})
    reasons = [{"code": "RECORD_TOO_OLD", "detail": WORDS}]
    decision = {"outcome": "rejected", "reasons": reasons, "opinion": WORDS}
    await application.act("final-1", "decision", decision)
    await application.close("rejected", ("submitted", "accepted", "material_requested", "rejected"))
    return application


async def refused(world: World, stack: Stack) -> list[bytes]:
    """Error bodies of submissions and acts that are wrong in many ways, and name the person all the same."""
    sender = world.sender("ganfutong")
    notice = await world.notice("shangrao")
    wish = Wish(SINGER, "shangrao", "SRG-016", "", ApplicantClass.RESIDENT)
    good = json.loads(an_offer(wish, [], notice).model_dump_json(exclude_none=True))
    wrong = [
        good,  # without papers
        {**good, "applicant": {**good["applicant"], "id_number": SINGER.id_number[:-1] + "?"}},
        {**good, "applicant": {**good["applicant"], "phone": SINGER.phone + WORDS}},
        {**good, "disease_code": WORDS},
        {**good, WORDS: SINGER.name},
        {**good, "agent": SINGER.name},
    ]
    bodies = [await _refusal(stack, sender, json.dumps(one, ensure_ascii=False).encode()) for one in wrong]
    return [*bodies, await _refusal(stack, sender, json.dumps(good, ensure_ascii=False).encode()[:-9])]


async def _refusal(stack: Stack, sender: Sender, body: bytes) -> bytes:
    target = "/api/intake/applications"
    key = stack.channel_key(sender.channel).read_bytes()
    call = SignedCall("POST", target, body=body, idempotency_key=f"wrong-{hash(body)}")
    headers = {**sign(key, sender.channel, call, datetime.now(UTC)), "content-type": "application/json"}
    async with httpx.AsyncClient(base_url=stack.gateway_url, trust_env=False) as http:
        answer = await http.post(target, content=body, headers=headers)
    assert 400 <= answer.status_code < 500, answer.text
    return answer.content


def on_topics(stack: Stack, topics: Iterable[str]) -> Iterator[bytes]:
    """Keys, values and headers of every record."""
    for batch in records_of(stack.kafka, spans_of(stack.kafka, topics)):
        for record in batch:
            yield b"\n".join(
                [record.key() or b"", record.value() or b"", *(v or b"" for _, v in record.headers() or [])]
            )


async def in_tables(stack: Stack) -> AsyncIterator[bytes]:
    """Every value of every table, dead letters among them."""
    for service in SERVICES:
        database = await Database.open(stack.database_as_admin(service), name="canaries")
        yield (await everything(database)).encode()
        await database.close()


def in_files(stack: Stack) -> Iterator[bytes]:
    """All that the parts and services wrote on disk, but for what the telephone company was told."""
    for path in Path(stack.home).rglob("*"):
        if path.is_file() and "sms" not in path.relative_to(stack.home).parts[0]:
            yield path.read_bytes()


async def on_pages(stack: Stack) -> AsyncIterator[bytes]:
    """The metrics of every service."""
    async with httpx.AsyncClient(trust_env=False) as http:
        for service in SERVICES:
            yield (await http.get(f"{stack.service_url(service)}/metrics")).content


async def places(stack: Stack) -> dict[str, list[bytes]]:
    """Everything that can be looked at, by where it is."""
    names = [topic.name for topic in TOPICS]
    return {
        "topics": await asyncio.to_thread(lambda: list(on_topics(stack, names))),
        "tables": [one async for one in in_tables(stack)],
        "files": await asyncio.to_thread(lambda: list(in_files(stack))),
        "metrics": [one async for one in on_pages(stack)],
    }


def found(text: str | bytes, where: dict[str, list[bytes]]) -> set[str]:
    """The places that hold this text, in the encodings it could have been written in."""
    raw = text.encode() if isinstance(text, str) else text
    spellings = {raw, raw.hex().encode(), json.dumps(raw.decode(errors="ignore"))[1:-1].encode()}
    return {name for name, many in where.items() if any(s in one for one in many for s in spellings if s)}


async def compact(stack: Stack) -> None:
    """Let a second be as a day to Kafka and to intake: what is a second old is stated again, and cleaned."""
    wanted = ConfigEntry("max.compaction.lag.ms", "1000", incremental_operation=AlterConfigOpType.SET)
    asked = ConfigResource(ResourceType.TOPIC, PERSON_KEYS.name, incremental_configs=[wanted])
    admin = AdminClient({"bootstrap.servers": stack.kafka})
    for done in admin.incremental_alter_configs([asked]).values():
        await asyncio.to_thread(done.result, 10)
    await asyncio.sleep(1.1)
    database = await Database.open(stack.database("intake"), name="canaries")
    assert await restate_erased(database, datetime.now(UTC), timedelta(seconds=1)) == 1
    await database.close()


def letter_in(stack: Stack, paper: Row) -> Path | None:
    """Where a sealed paper lies in the object store."""
    return next((path for path in Path(stack.home).rglob(f"*{paper['key_id'].hex}*") if path.is_file()), None)


async def erase(world: World, person: UUID) -> None:
    await world.office.sign_in("operator")
    await world.office.sign_in("supervisor")
    badges = world.office._badges
    async with httpx.AsyncClient(base_url=world.stack.service_url("intake"), trust_env=False) as http:
        asked = await http.post(
            "/api/intake/erasures",
            json={"person_id": str(person), "reason": "at the person's wish"},
            headers=badges["operator"],
        )
        path = f"/api/intake/erasures/{asked.json()['erasure_id']}/approval"
        done = await http.post(path, headers=badges["supervisor"])
    assert done.status_code == 201, done.text


async def test_a_person_is_nowhere_in_clear_and_after_the_erasure_nowhere(world: World, stack: Stack) -> None:
    life = await a_life(world)
    person, number = life.receipt.person_id, life.receipt.acceptance_no
    texts = await world.texts(SINGER.phone)
    assert len(texts) == 4, "the person was spoken to, so the system does know the number"
    errors = await refused(world, stack)

    where = {**await places(stack), "errors": errors}
    assert found(number, where) >= {"topics", "tables", "files"}, "what is in clear is found"
    assert {canary: found(canary, where) for canary in SECRET} == {canary: set() for canary in SECRET}

    database = await Database.open(stack.database_as_admin("intake"), name="canaries")
    row = await database.fetchrow(KEY, person)
    assert row is not None
    assert found(box_text(row["box"]), where) >= {"topics"}, "the wrapped key is on the bus"
    papers = await database.fetch(PAPERS)
    assert len(papers) == len({letter_in(stack, paper) for paper in papers}) > 0, (
        "each paper lies in the store"
    )
    boxes = [bytes(one["box"]) for one in (row, *papers)]
    await erase(world, person)
    assert {letter_in(stack, paper) for paper in papers} == {None}

    async def forgotten() -> bool:
        tables = {"tables": [table async for table in in_tables(stack)]}
        return not any(found(box, tables) for box in boxes)

    await until(forgotten, within=60, every=0.5)
    await compact(stack)

    async def compacted() -> bool:
        kept = await asyncio.to_thread(lambda: list(on_topics(stack, [PERSON_KEYS.name])))
        return not found(box_text(row["box"]), {"keys": kept})

    await until(compacted, within=120, every=2)
    await database.close()
    after = await places(stack)
    assert {canary: found(canary, after) for canary in SECRET} == {canary: set() for canary in SECRET}
    tips = await published_tips(stack, CHAINED)
    proof = await asyncio.to_thread(verify, stack.kafka, Claim(CHAINED, tips), 1, lambda _count: None)
    assert not proof.breaks
