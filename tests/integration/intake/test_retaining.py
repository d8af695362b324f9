"""What has been kept long enough goes, by word of two people; what has not stays, and the log stays whole."""

import asyncio
import json
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from uuid import UUID, uuid4

import pytest

from services.intake import actions
from services.intake.actions import Ask, Asked, Wanted
from services.intake.domain.papers import name_of
from services.intake.materials import Materials
from services.intake.store.materials import get_key
from shared.contracts.base import ERASED
from shared.contracts.cases import reasons_of
from shared.errors import Refused, Unavailable
from shared.key_service import MasterKey, MasterKeys
from shared.looks import Look
from shared.person_keys import PersonKeys, sealed, wrapped_key
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
    a_policy,
    a_retention,
    an_id_number,
    offer,
    publish,
    submit,
)
from tests.support.private import KEYS, MASTER_KEYS, as_read
from tests.unit.test_intake_following import rejected

TOO_EARLY = datetime(2036, 12, 31, 15, 59, tzinfo=UTC)
DUE = datetime(2036, 12, 31, 16, 0, tzinfo=UTC)
"""The first moment of 2037 in Shanghai: what was decided in 2026 has been kept for ten whole years."""

PERSON = {"name": "金丝雀", "id_number": an_id_number("19711111", 8), "phone": "19987654321"}
SHARED = [a_material("e_insurance_credential"), a_material("test_report")]
"""Both are the paper that is there before every test, and that others hand in as well."""


async def a_paper(desk, text, at=NOON):
    """Upload a paper of its own; what a submission says of it."""
    content = b"%PDF-1.7\n% " + text.encode()
    digest, _ = await actions.store_material(desk, content, "application/pdf", CHANNEL, at)
    return a_material("outpatient_record", content_hash=digest, size=len(content))


async def taken(desk, key, papers=(), at=NOON, **changes):
    (answer,) = await submit(desk, [offer(key, at=at, **{"materials": [*SHARED, *papers], **changes})])
    assert isinstance(answer, actions.Taken), answer
    return answer.receipt


async def decided(desk, receipt, at=NOON):
    """Let review reject an application, in words sealed under its person's key."""
    keys = await desk.keys.of_persons(desk.database, [receipt.person_id])
    named = {"application_id": receipt.application_id, "acceptance_no": receipt.acceptance_no}
    event = rejected().model_copy(update={**named, "occurred_at": at})
    async with desk.database.transaction() as tx:
        await actions.follow_cases(tx, [(as_read(sealed(event, keys[receipt.person_id])), 1)])


async def withdrawn(desk, receipt, at=NOON):
    await actions.withdraw(desk, Ask(CHANNEL, PANZHIHUA, receipt.acceptance_no), "不办了", at)


async def an_old_one(desk, key, papers=(), **changes):
    receipt = await taken(desk, key, papers, **changes)
    await decided(desk, receipt)
    return receipt


def by(who):
    """Whoever agrees, by their look."""
    return Look(who, [], "post_retention_approval", DUE)


async def agreed(desk, at):
    """Two people want that what is due goes."""
    run_id = uuid4()
    await actions.ask_to_retire(desk, run_id, "operator", "retention", at)
    await actions.agree_to_retire(desk, run_id, by("supervisor"), at)
    return run_id


async def finished(desk, run_id, at):
    """Batch after batch, ten seconds apart, until nothing is left; all that was done."""
    done = Counter()
    for step in range(20):
        batch = await actions.retire_some(desk, run_id, at + timedelta(seconds=11 * step))
        done += Counter(batch.done)
        if batch.finished:
            return done
    raise AssertionError(batch)


async def retired(desk, at=DUE):
    return await finished(desk, await agreed(desk, at), at)


async def key_of(desk, paper):
    return await get_key(desk.database, name_of(LOOKUP_KEY, paper["content_hash"]))


async def count(desk, table):
    return await desk.database.fetchval(f"SELECT count(*) FROM {table}")


async def state_of(desk, receipt):
    row = await desk.database.fetchrow(
        "SELECT retired, papers FROM applications WHERE acceptance_no = $1", receipt.acceptance_no
    )
    return tuple(row)


def objects(tmp_path, below="materials"):
    files = [path for path in (tmp_path / below).rglob("*") if path.is_file()]
    return sorted(str(path.relative_to(tmp_path)) for path in files)


def refused(code):
    return pytest.raises(Refused, match=code)


@pytest.fixture(autouse=True)
async def fresh_upload(desk):
    """The paper that every application hands in was uploaded again shortly before."""
    await actions.store_material(desk, PDF, "application/pdf", CHANNEL, DUE - timedelta(days=1))


async def test_nothing_is_due_and_nothing_happens(desk, tmp_path):
    await an_old_one(desk, "decided")
    await taken(desk, "open")
    before, lying = await everything(desk.database), objects(tmp_path)
    with refused("nothing-due"):
        await agreed(desk, TOO_EARLY)
    assert (await everything(desk.database), objects(tmp_path)) == (before, lying)


async def test_a_look_at_what_is_due_changes_nothing(desk, tmp_path):
    first = await an_old_one(desk, "decided")
    second = await taken(desk, "withdrawn", at=NOON)
    await withdrawn(desk, second, NOON + timedelta(days=1))
    await taken(desk, "open")
    await a_paper(desk, "never handed in")
    before, lying = await everything(desk.database), objects(tmp_path)
    found = await actions.overlook(desk, DUE.date() + timedelta(days=1), NOON)
    listed = await actions.list_due(desk, found.on, NOON, None, 10)
    (page,) = await actions.list_due(desk, found.on, NOON, first.application_id, 10)
    assert [(held.kind, held.applications, str(held.due_since)) for held in found.held] == [
        ("determination", 1, "2037-01-01"),
        ("undecided", 1, "2030-01-01"),
    ]
    assert (found.unused_uploads, found.papers_leaving) == (1, 0)
    assert [one.acceptance_no for one in listed] == [first.acceptance_no, second.acceptance_no]
    assert page == listed[1]
    assert (await everything(desk.database), objects(tmp_path)) == (before, lying)


async def test_two_people_are_needed(desk):
    await an_old_one(desk, "decided")
    run_id = uuid4()
    await actions.ask_to_retire(desk, run_id, "operator", "retention", DUE)
    with refused("retention-not-agreed"):
        await actions.retire_some(desk, run_id, DUE)
    with refused("four-eyes"):
        await actions.agree_to_retire(desk, run_id, by("operator"), DUE)
    assert await count(desk, "person_keys") == 1
    await actions.agree_to_retire(desk, run_id, by("supervisor"), DUE)
    with refused("retention-agreed"):
        await actions.agree_to_retire(desk, run_id, by("auditor"), DUE)
    with refused("retention-unknown"):
        await actions.retire_some(desk, UUID(int=1), DUE)
    await finished(desk, run_id, DUE)
    assert await count(desk, "person_keys") == 0


async def test_a_person_of_whom_all_is_due_is_erased_with_their_papers(desk, tmp_path):
    letter = await a_paper(desk, "a letter")
    receipt = await an_old_one(desk, "mine", [letter])
    done = await retired(desk)
    assert (done["erased_applications"], done["erased_persons"], done["erased_papers"]) == (1, 1, 2)
    assert await state_of(desk, receipt) == ("erase", "")
    assert (await count(desk, "person_keys"), await count(desk, "materials"), objects(tmp_path)) == (0, 0, [])
    erasure = await desk.database.fetchrow(
        "SELECT person_id, asked_by, approved_by, reason FROM erasures NATURAL JOIN erasure_approvals"
    )
    assert tuple(erasure) == (receipt.person_id, "operator", "supervisor", "retention")
    last = await desk.database.fetch("SELECT type, key FROM outbox ORDER BY id DESC LIMIT 2")
    assert [tuple(row) for row in last] == [
        ("person-erased", str(receipt.person_id)),
        ("application-retired", str(receipt.application_id)),
    ]
    (run,) = await desk.database.fetch(
        "SELECT asked_by, approved_by, reason, counts FROM retention_runs NATURAL JOIN retention_approvals"
    )
    assert tuple(run)[:3] == ("operator", "supervisor", "retention")
    (held,) = run["counts"]["held"]
    assert (held["applications"], held["policy_version"]) == (1, 1)
    batches = await desk.database.fetch("SELECT counts FROM retention_batches")
    assert sum((Counter(row["counts"]) for row in batches), Counter()) == done


async def test_papers_that_a_younger_application_holds_stay(desk):
    letter, both = await a_paper(desk, "mine alone"), await a_paper(desk, "ours")
    old = await an_old_one(desk, "old", [letter, both], applicant=PERSON)
    young = await taken(desk, "young", [both], applicant=PERSON, at=NOON + timedelta(days=365))
    await decided(desk, young, NOON + timedelta(days=366))
    done = await retired(desk)
    assert (done["erased_applications"], done["erased_persons"]) == (1, 0)
    assert (done["erased_papers"], done["papers_in_use"]) == (1, 2)
    assert await key_of(desk, letter) is None
    assert await desk.materials.read(await KEYS.unwrap(await key_of(desk, both)))
    assert await state_of(desk, old) == ("erase", "")
    assert (await state_of(desk, young))[0] is None
    shown, _ = await actions.find_application(desk, Ask(CHANNEL, PANZHIHUA, young.acceptance_no))
    assert [reason.detail for reason in reasons_of(shown.decision)] == ["检查报告为2025年1月"]
    shown, lines = await actions.find_application(desk, Ask(CHANNEL, PANZHIHUA, old.acceptance_no))
    assert [reason.detail for reason in reasons_of(shown.decision)] == [ERASED]
    assert lines[-1].sentence_zh == "材料保管期限届满，按规定销毁。"
    done = await retired(desk, DUE + timedelta(days=366))
    assert (done["erased_applications"], done["erased_persons"], done["erased_papers"]) == (1, 1, 2)


async def test_a_person_with_an_open_application_is_not_erased(desk):
    await an_old_one(desk, "old", applicant=PERSON)
    await taken(desk, "open", applicant=PERSON, disease_code="PZH-002")
    assert (await retired(desk))["erased_persons"] == 0
    assert await count(desk, "person_keys") == 1


async def test_killed_at_any_point_it_is_finished_by_a_second_run(desk, tmp_path):
    letters = [await a_paper(desk, f"letter {number}") for number in range(3)]
    for number, letter in enumerate(letters):
        await an_old_one(desk, f"old-{number}", [letter])
    first = await agreed(desk, DUE)
    await actions.retire_some(desk, first, DUE)
    assert len(objects(tmp_path)) == 4
    away = replace(desk, materials=Away((tmp_path / "away").as_uri()))
    with pytest.raises(Unavailable, match="object-store-away"):
        await finished(away, first, DUE)
    assert await count(desk, "materials") == 0
    assert len(objects(tmp_path)) == 4
    assert await count(desk, "leftovers") == 4
    done = await retired(desk, DUE + timedelta(minutes=5))
    assert done == {"deleted_objects": 4}
    assert objects(tmp_path) == []
    with refused("nothing-due"):
        await agreed(desk, DUE + timedelta(minutes=6))


class Away(Materials):
    """An object store that is away."""

    async def forget(self, place):
        raise Unavailable("object-store-away", place)


async def test_two_runs_at_once_do_everything_once(desk):
    for number in range(6):
        await an_old_one(desk, f"old-{number}")
    runs = [await agreed(desk, DUE), await agreed(desk, DUE)]
    dones = await asyncio.gather(*(finished(desk, run, DUE) for run in runs))
    done = dones[0] + dones[1]
    assert (done["erased_applications"], done["erased_persons"]) == (6, 6)
    assert await desk.database.fetchval("SELECT count(*) FROM outbox WHERE type = 'application-retired'") == 6


async def test_what_the_policy_archives_lies_sealed_in_an_archive_with_its_manifest(desk, tmp_path):
    await publish(desk, a_policy(version=2, retention=a_retention(when_due="archive")))
    letter = await a_paper(desk, "for the archive")
    receipt = await an_old_one(desk, "mine", [letter], applicant=PERSON)
    await taken(desk, "other", at=NOON)
    done = await retired(desk)
    assert (done["archived_applications"], done["archived_papers"], done["erased_persons"]) == (1, 1, 0)
    assert await state_of(desk, receipt) == ("archive", "")
    assert await key_of(desk, letter) is None
    assert await count(desk, "person_keys") == 2
    folder = f"archive/{receipt.application_id}"
    (kept, manifest) = objects(tmp_path, "archive")
    assert manifest == f"{folder}/manifest.json"
    (listed,) = json.loads((tmp_path / manifest).read_text())["papers"]
    assert listed["object"] == kept
    assert listed["sealed_sha256"] == sha256((tmp_path / kept).read_bytes()).hexdigest()
    assert listed["stored_at"].startswith("2026-09-18")
    row = await desk.database.fetchrow("SELECT * FROM archived_papers")
    opened = await desk.materials.read(await KEYS.unwrap(wrapped_key(row)), receipt.application_id)
    assert b"for the archive" in opened
    wanted = Wanted(receipt.application_id, "court order 7", "operator")
    export = await actions.ask_to_export(desk, uuid4(), wanted, DUE)
    given = await actions.agree_to_export(desk, export.export_id, by("supervisor"), DUE)
    assert given.papers[row["name"].hex()] == await KEYS.unwrap(wrapped_key(row))
    assert len(objects(tmp_path)) == 1
    again = await a_paper(desk, "for the archive", DUE)
    assert await key_of(desk, again) is not None


async def test_an_archive_that_was_begun_is_finished(desk, tmp_path):
    await publish(desk, a_policy(version=2, retention=a_retention(when_due="archive")))
    await an_old_one(desk, "mine", [await a_paper(desk, "one"), await a_paper(desk, "two")])
    run_id = await agreed(desk, DUE)
    away = replace(desk, materials=HalfAway(tmp_path.as_uri()))
    with pytest.raises(Unavailable, match="object-store-away"):
        await finished(away, run_id, DUE)
    assert len(objects(tmp_path)) == 3
    done = await finished(desk, run_id, DUE + timedelta(minutes=1))
    assert (done["archived_papers"], done["deleted_objects"]) == (3, 3)
    assert len(objects(tmp_path, "archive")) == 4
    assert objects(tmp_path) == []


class HalfAway(Materials):
    """An object store that goes away before the manifest of an archive is written."""

    async def describe_archive(self, application_id, manifest):
        raise Unavailable("object-store-away", str(application_id) + str(len(manifest)))


async def test_an_archived_paper_goes_with_its_person_and_its_key_with_the_master_key(desk, tmp_path):
    await publish(desk, a_policy(version=2, retention=a_retention(when_due="archive")))
    receipt = await an_old_one(desk, "mine", [await a_paper(desk, "one")])
    await retired(desk)
    masters = MasterKeys([*MASTER_KEYS, MasterKey("next", bytes(range(2, 34)))], Algorithm.A256GCM)
    assert await actions.rewrap_keys(replace(desk, keys=PersonKeys(masters, Algorithm.A256GCM))) == 3
    erasure = await actions.ask_to_erase(desk, uuid4(), Asked(receipt.person_id, "asked", "operator"), DUE)
    erased = await actions.erase(
        desk, erasure.erasure_id, Look("supervisor", [], "post_erasure_approval", DUE), DUE
    )
    assert erased.papers == 2
    assert (await count(desk, "archived_papers"), await count(desk, "leftovers")) == (0, 0)
    assert objects(tmp_path, "archive") == []


async def test_an_erasure_takes_papers_that_a_retention_had_only_marked(desk, tmp_path):
    letter = await a_paper(desk, "marked")
    receipt = await an_old_one(desk, "old", [letter], applicant=PERSON)
    still_open = await taken(desk, "open", applicant=PERSON, disease_code="PZH-002")
    await actions.retire_some(desk, await agreed(desk, DUE), DUE)
    assert await key_of(desk, letter) is not None
    await withdrawn(desk, still_open, DUE)
    erasure = await actions.ask_to_erase(desk, uuid4(), Asked(receipt.person_id, "asked", "operator"), DUE)
    await actions.erase(desk, erasure.erasure_id, by("supervisor"), DUE)
    assert await key_of(desk, letter) is None
    assert (await count(desk, "leftovers"), objects(tmp_path)) == (0, [])


async def test_the_newest_policy_of_the_region_counts(desk):
    receipt = await an_old_one(desk, "mine")
    await publish(desk, a_policy(version=2, retention=a_retention(determination_years=30)))
    with refused("nothing-due"):
        await agreed(desk, DUE)
    await publish(desk, a_policy(version=3, retention=a_retention(determination_years=5)))
    assert (await retired(desk, DUE.replace(year=2031)))["erased_applications"] == 1
    body = await desk.database.fetchval("SELECT body FROM outbox WHERE type = 'application-retired'")
    stated = json.loads(body)
    assert (stated["policy_version"], stated["due_on"]) == (3, "2032-01-01")
    assert stated["application_id"] == str(receipt.application_id)


async def test_a_region_of_its_own_mind_keeps_longer(desk):
    mine = await an_old_one(desk, "mine")
    theirs = await an_old_one(desk, "theirs")
    await publish(desk, a_policy(region="elsewhere", retention=a_retention(determination_years=30)))
    await desk.database.execute(
        "UPDATE applications SET region = 'elsewhere' WHERE acceptance_no = $1", theirs.acceptance_no
    )
    assert (await retired(desk))["erased_applications"] == 1
    assert [(await state_of(desk, one))[0] for one in (mine, theirs)] == ["erase", None]


async def test_an_application_stays_with_the_one_that_follows_it_if_the_policy_says_so(desk):
    await publish(desk, a_policy(version=2, retention=a_retention(keeps_predecessor=True)))
    old = await an_old_one(desk, "old", applicant=PERSON)
    later = NOON + timedelta(days=400)
    follows = {"application_type": "renewal", "previous_acceptance_no": old.acceptance_no}
    young = await taken(desk, "young", applicant=PERSON, at=later, **follows)
    await decided(desk, young, later)
    with refused("nothing-due"):
        await agreed(desk, DUE)
    await publish(desk, a_policy(version=3))
    assert (await retired(desk))["erased_applications"] == 1
    await publish(desk, a_policy(version=4, retention=a_retention(keeps_predecessor=True)))
    assert (await retired(desk, DUE + timedelta(days=366)))["erased_persons"] == 1


async def test_uploads_that_no_application_names_go_unless_they_are_uploaded_again(desk, tmp_path):
    used = await a_paper(desk, "used")
    await taken(desk, "open", [used])
    forgotten, again = await a_paper(desk, "forgotten"), await a_paper(desk, "again")
    month = NOON + timedelta(days=31)
    run_id = await agreed(desk, month)
    await a_paper(desk, "again", month)
    done = await finished(desk, run_id, month)
    assert (done["unused_uploads"], done["erased_papers"], done["deleted_objects"]) == (1, 1, 1)
    keys = [await key_of(desk, paper) for paper in (used, forgotten, again)]
    assert [key is None for key in keys] == [False, True, False]


async def test_a_paper_that_leaves_cannot_be_handed_in_until_it_is_uploaded_again(desk):
    letter = await a_paper(desk, "leaving")
    await an_old_one(desk, "old", [letter])
    run_id = await agreed(desk, DUE)
    await actions.retire_some(desk, run_id, DUE)
    (answer,) = await submit(desk, [offer("late", materials=[*SHARED, letter], at=DUE)])
    assert answer.code == "submission-invalid"
    for text in ("leaving", None):
        content = PDF if text is None else b"%PDF-1.7\n% " + text.encode()
        await actions.store_material(desk, content, "application/pdf", CHANNEL, DUE)
    await taken(desk, "in-time", [letter], at=DUE)
    assert (await finished(desk, run_id, DUE))["erased_papers"] == 0
    assert await key_of(desk, letter) is not None


async def test_nothing_personal_is_kept_of_it(desk):
    await an_old_one(desk, "mine", [await a_paper(desk, "金丝雀")], applicant=PERSON)
    await retired(desk)
    kept = await everything(desk.database)
    assert [word for word in (*PERSON.values(), PAPER) if word in kept] == []
