"""Papers leave when their time has come: erased, archived, or kept because somebody else needs them."""

import json
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from uuid import uuid4

import pytest

from services.intake import actions
from services.intake.actions import Ask, Asked, Wanted
from services.intake.actions.leaving import let_papers_go
from services.intake.domain.papers import name_of
from services.intake.materials import Materials
from services.intake.store import leaving
from shared.contracts.base import ERASED
from shared.contracts.cases import reasons_of
from shared.errors import Unavailable
from shared.key_service import MasterKey, MasterKeys
from shared.looks import Look
from shared.person_keys import PersonKeys, wrapped_key
from shared.sealing import Algorithm
from tests.support.intake import (
    CHANNEL,
    LOOKUP_KEY,
    NOON,
    PANZHIHUA,
    PDF,
    a_policy,
    a_retention,
    offer,
    publish,
    submit,
)
from tests.support.private import KEYS, MASTER_KEYS
from tests.support.retaining import (
    DUE,
    PERSON,
    SHARED,
    a_paper,
    agreed,
    an_old_one,
    by,
    count,
    decided,
    finished,
    key_of,
    objects,
    refused,
    retired,
    state_of,
    taken,
    upload_again,
    withdrawn,
)


@pytest.fixture(autouse=True)
async def fresh_upload(desk):
    await upload_again(desk)


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


async def test_a_paper_that_somebody_is_handing_in_is_not_taken_by_a_batch(desk):
    letter = await a_paper(desk, "shared")
    async with desk.database.transaction() as tx:
        await actions.answer_submissions(tx, desk, [offer("mine", materials=[*SHARED, letter])], NOON)
        async with desk.database.transaction() as another:
            await leaving.mark(another, [name_of(LOOKUP_KEY, letter["content_hash"])], DUE, None)
        assert not +await let_papers_go(desk, DUE)
    done = await let_papers_go(desk, DUE)
    assert done["papers_in_use"] == 1
    assert await key_of(desk, letter) is not None
