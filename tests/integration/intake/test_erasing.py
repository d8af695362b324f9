"""What is sealed stays sealed, and a person who was erased is found nowhere."""

import asyncio
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.intake import actions
from services.intake.actions import Ask, Asked
from services.intake.app import STATES
from services.intake.domain.answering import Supplement
from services.intake.domain.papers import name_of
from services.intake.store.materials import get_key
from services.intake.store.person_keys import bodies
from shared.contracts.base import ERASED
from shared.contracts.cases import RequestedItem, reasons_of
from shared.contracts.persons import PersonKeyMade
from shared.contracts.submissions import Material
from shared.errors import Refused
from shared.key_service import MasterKey, MasterKeys
from shared.looks import Look
from shared.person_keys import PersonKeys, sealed
from shared.publishing import with_states
from shared.sealing import Algorithm
from tests.support.dumping import everything
from tests.support.intake import (
    CHANNEL,
    LOOKUP_KEY,
    NOON,
    PANZHIHUA,
    PAPER,
    PDF,
    a_material,
    an_id_number,
    offer,
    submit,
)
from tests.support.private import KEYS, MASTER_KEYS, as_read
from tests.unit.test_intake_following import rejected, requested

NAME, PHONE, ID_NUMBER = "金丝雀", "19987654321", an_id_number("19711111", 7)
WORDS = "金丝雀在唱歌"
ITEM = RequestedItem(kind="physician_opinion", detail=WORDS)
PERSON = {"name": NAME, "id_number": ID_NUMBER, "phone": PHONE}
CANARIES = (NAME, PHONE, ID_NUMBER, WORDS, PAPER)
LETTER = b"%PDF-1.7\n% a canary sings here\n"


async def taken(desk, key, **changes):
    (answer,) = await submit(desk, [offer(key, **changes)])
    return answer.receipt


async def withdrawn(desk, receipt):
    await actions.withdraw(desk, Ask(CHANNEL, PANZHIHUA, receipt.acceptance_no), WORDS, NOON)


async def asked(desk, person_id):
    wanted = Asked(person_id, "on request", "operator")
    return (await actions.ask_to_erase(desk, uuid4(), wanted, NOON)).erasure_id


def by(who):
    """Whoever agrees, by their look."""
    return Look(who, [], "post_erasure_approval", NOON)


async def told(desk, event, receipt):
    """Let review tell something of an application, sealed under its person's key."""
    keys = await desk.keys.of_persons(desk.database, [receipt.person_id])
    named = {"application_id": receipt.application_id, "acceptance_no": receipt.acceptance_no}
    published = as_read(sealed(event.model_copy(update=named), keys[receipt.person_id]))
    async with desk.database.transaction() as tx:
        await actions.follow_cases(tx, [(published, 1)])


async def reason_shown(desk, receipt):
    found, _ = await actions.find_application(desk, Ask(CHANNEL, PANZHIHUA, receipt.acceptance_no))
    (reason,) = reasons_of(found.decision)
    return reason.detail


async def a_letter(desk):
    digest, _ = await actions.store_material(desk, LETTER, "application/pdf", CHANNEL, NOON)
    return a_material("outpatient_record", content_hash=digest, size=len(LETTER)), digest


def refused(code):
    return pytest.raises(Refused, match=code)


async def test_no_table_holds_a_word_of_a_person_in_clear(desk):
    letter, _ = await a_letter(desk)
    receipt = await taken(desk, "one", applicant=PERSON)
    await told(desk, requested(items=[ITEM]), receipt)
    ask = Ask(CHANNEL, PANZHIHUA, receipt.acceptance_no)
    await actions.supply_material(desk, ask, Supplement((Material.model_validate(letter),)), NOON)
    await withdrawn(desk, receipt)
    kept = await everything(desk.database)
    assert receipt.acceptance_no in kept
    assert [canary for canary in CANARIES if canary in kept] == []


async def test_of_two_first_submissions_at_once_both_are_sealed_under_one_key(desk):
    diseases = ("PZH-001", "PZH-002")
    offers = [offer(code, applicant=PERSON, disease_code=code) for code in diseases]
    answers = await asyncio.gather(*(submit(desk, [one]) for one in offers))
    assert all(isinstance(answer, actions.Taken) for (answer,) in answers)
    rows = await desk.database.fetch("SELECT body FROM outbox WHERE topic = 'intake.applications'")
    key_id = await desk.database.fetchval("SELECT key_id FROM person_keys")
    assert await desk.database.fetchval("SELECT count(*) FROM person_keys") == 1
    assert all(str(key_id).encode() in row["body"] for row in rows)


async def test_a_key_is_read_when_it_is_published_and_stands_in_no_outbox(desk):
    receipt = await taken(desk, "one", applicant=PERSON)
    row = await desk.database.fetchrow("SELECT key, body FROM outbox WHERE topic = 'intake.person-keys'")
    assert (row["key"], row["body"]) == (str(receipt.person_id), None)
    assert list(await bodies(desk.database, [row["key"]])) == [row["key"]]


async def test_a_paper_is_sealed_in_the_object_store_and_opens_with_its_key(desk, tmp_path):
    _, digest = await a_letter(desk)
    files = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 2
    assert not any(b"canary" in content for content in files)
    wrapped = await get_key(desk.database, name_of(LOOKUP_KEY, digest))
    assert await desk.materials.read(await KEYS.unwrap(wrapped)) == LETTER


async def test_two_people_erase_a_person_who_has_nothing_open(desk, tmp_path):
    letter, digest = await a_letter(desk)
    shared = [a_material("e_insurance_credential"), a_material("test_report")]
    mine = await taken(desk, "mine", applicant=PERSON, materials=[*shared, letter])
    await taken(desk, "other")
    with refused("application-open"):
        await asked(desk, mine.person_id)
    await withdrawn(desk, mine)
    erasure_id = await asked(desk, mine.person_id)
    with refused("four-eyes"):
        await actions.erase(desk, erasure_id, by("operator"), NOON)
    assert (await actions.erase(desk, erasure_id, by("supervisor"), NOON)).papers == 1
    with refused("erasure-done"):
        await actions.erase(desk, erasure_id, by("supervisor"), NOON)

    assert await desk.database.fetchval("SELECT count(*) FROM person_keys") == 1
    assert await get_key(desk.database, name_of(LOOKUP_KEY, digest)) is None
    assert await get_key(desk.database, name_of(LOOKUP_KEY, PAPER)) is not None
    assert len([path for path in tmp_path.rglob("*") if path.is_file()]) == 1
    last = await desk.database.fetchrow("SELECT type, key, body FROM outbox ORDER BY id DESC LIMIT 1")
    assert tuple(last) == ("person-erased", str(mine.person_id), None)


async def test_an_erased_person_is_shown_without_words_and_may_come_back(desk):
    receipt = await taken(desk, "mine", applicant=PERSON)
    await told(desk, rejected(), receipt)
    assert await reason_shown(desk, receipt) == "检查报告为2025年1月"
    await actions.erase(desk, await asked(desk, receipt.person_id), by("supervisor"), NOON)
    assert await reason_shown(desk, receipt) == ERASED
    await actions.store_material(desk, PDF, "application/pdf", CHANNEL, NOON)
    again = await taken(desk, "again", applicant=PERSON)
    assert again.person_id == receipt.person_id
    assert await desk.database.fetchval("SELECT count(*) FROM person_keys") == 1


async def restated(desk, **later):
    return await actions.restate_erased(desk.database, NOON + timedelta(**later))


async def last_published(desk):
    """Key and body of the last event about a key, as the relay would publish it now."""
    rows = await desk.database.fetch("SELECT * FROM outbox WHERE topic = 'intake.person-keys' ORDER BY id")
    last = (await with_states(desk.database, STATES, rows))[-1]
    return last["occurred_at"], last["key"], last["body"]


async def test_an_erasure_is_stated_again_a_day_later_and_once_more_and_then_no_more(desk):
    receipt = await taken(desk, "mine", applicant=PERSON)
    await withdrawn(desk, receipt)
    await actions.erase(desk, await asked(desk, receipt.person_id), by("supervisor"), NOON)
    assert await restated(desk, hours=24) == 0
    assert await restated(desk, hours=25) == 1
    assert await last_published(desk) == (NOON + timedelta(hours=25), str(receipt.person_id), None)
    assert await restated(desk, hours=48) == 0
    assert await restated(desk, days=9) == 1
    assert await restated(desk, days=99) == 0
    assert await last_published(desk) == (NOON + timedelta(days=9), str(receipt.person_id), None)


async def test_who_came_back_keeps_the_new_key_when_the_erasure_is_stated_again(desk):
    receipt = await taken(desk, "mine", applicant=PERSON)
    await withdrawn(desk, receipt)
    await actions.erase(desk, await asked(desk, receipt.person_id), by("supervisor"), NOON)
    await actions.store_material(desk, PDF, "application/pdf", CHANNEL, NOON)
    again = await taken(desk, "again", applicant=PERSON)
    assert await restated(desk, days=2) == 1
    at, key, body = await last_published(desk)
    assert (at, key) == (NOON + timedelta(days=2), str(again.person_id))
    assert PersonKeyMade.read(body).key_id == await desk.database.fetchval("SELECT key_id FROM person_keys")


async def test_two_processes_that_look_at_once_state_it_once(desk):
    receipt = await taken(desk, "mine", applicant=PERSON)
    await withdrawn(desk, receipt)
    await actions.erase(desk, await asked(desk, receipt.person_id), by("supervisor"), NOON)
    assert sum(await asyncio.gather(*(restated(desk, days=2) for _ in range(4)))) == 1


async def waits(desk):
    """Until a statement waits for another's lock."""
    async with asyncio.timeout(10):
        while not await desk.database.fetchval("SELECT count(*) FROM pg_locks WHERE NOT granted"):
            await asyncio.sleep(0.01)


OTHER = {"applicant": {"name": "别人", "id_number": an_id_number("19720202", 3)}}
THEIR_PAPER = name_of(LOOKUP_KEY, PAPER)


def others_offer(desk):
    """A submission of another person with the same paper."""
    person = offer("other").offered.applicant.model_copy(update=OTHER["applicant"])
    first = offer("other")
    return replace(first, offered=first.offered.model_copy(update={"applicant": person}))


async def test_a_paper_that_another_is_handing_in_stays_when_its_first_owner_is_erased(desk):
    receipt = await taken(desk, "first")
    await withdrawn(desk, receipt)
    erasure = await asked(desk, receipt.person_id)
    async with desk.database.transaction() as tx:
        await actions.answer_submissions(tx, desk, [others_offer(desk)], NOON)
        erasing = asyncio.create_task(actions.erase(desk, erasure, by("supervisor"), NOON))
        await waits(desk)
    assert (await erasing).papers == 0
    assert await get_key(desk.database, THEIR_PAPER) is not None


async def test_who_hands_in_a_paper_while_its_first_owner_is_erased_is_told_that_it_is_gone(desk):
    receipt = await taken(desk, "first")
    await withdrawn(desk, receipt)
    async with desk.database.transaction() as tx:
        await tx.execute("SELECT name FROM materials WHERE name = $1 FOR UPDATE", THEIR_PAPER)
        submitting = asyncio.create_task(submit(desk, [others_offer(desk)]))
        await waits(desk)
        await tx.execute("DELETE FROM materials WHERE name = $1", THEIR_PAPER)
    (answer,) = await submitting
    assert isinstance(answer, Refused)
    assert {defect["code"] for defect in answer.extra["defects"]} == {"material-not-uploaded"}


async def test_a_new_master_key_wraps_every_key_anew_and_touches_no_event(desk):
    receipt = await taken(desk, "one", applicant=PERSON)
    await told(desk, rejected(), receipt)
    stated = "SELECT key, body FROM outbox WHERE topic = 'intake.applications'"
    before = await desk.database.fetch(stated)
    masters = MasterKeys([*MASTER_KEYS, MasterKey("next", bytes(range(2, 34)))], Algorithm.A256GCM)
    turned = replace(desk, keys=PersonKeys(masters, Algorithm.A256GCM))
    assert await actions.rewrap_keys(turned) == 2
    assert await actions.rewrap_keys(turned) == 0
    last = MasterKeys([MasterKey("next", bytes(range(2, 34)))], Algorithm.A256GCM)
    without_the_old = replace(desk, keys=PersonKeys(last, Algorithm.A256GCM))
    assert await reason_shown(without_the_old, receipt) == "检查报告为2025年1月"
    assert (
        await desk.database.fetch("SELECT key, body FROM outbox WHERE topic = 'intake.applications'")
        == before
    )
    told_of = await desk.database.fetchval("SELECT count(*) FROM outbox WHERE topic = 'intake.person-keys'")
    assert told_of == 2


async def test_nobody_erases_whom_nobody_knows(desk):
    with refused("person-unknown"):
        await asked(desk, UUID(int=1))
    with refused("erasure-unknown"):
        await actions.erase(desk, UUID(int=1), by("supervisor"), NOON)
