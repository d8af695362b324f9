"""What has been kept long enough goes, by word of two people; what has not stays, and the log stays whole."""

import asyncio
import json
from collections import Counter
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from services.intake import actions
from tests.support.dumping import everything
from tests.support.intake import (
    NOON,
    PAPER,
    a_policy,
    a_retention,
    publish,
)
from tests.support.retaining import (
    DUE,
    PERSON,
    TOO_EARLY,
    a_paper,
    agreed,
    an_old_one,
    by,
    count,
    decided,
    finished,
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


async def test_a_person_with_an_open_application_is_not_erased(desk):
    await an_old_one(desk, "old", applicant=PERSON)
    await taken(desk, "open", applicant=PERSON, disease_code="PZH-002")
    assert (await retired(desk))["erased_persons"] == 0
    assert await count(desk, "person_keys") == 1


async def test_two_runs_at_once_do_everything_once(desk):
    for number in range(6):
        await an_old_one(desk, f"old-{number}")
    runs = [await agreed(desk, DUE), await agreed(desk, DUE)]
    dones = await asyncio.gather(*(finished(desk, run, DUE) for run in runs))
    done = dones[0] + dones[1]
    assert (done["erased_applications"], done["erased_persons"]) == (6, 6)
    assert await desk.database.fetchval("SELECT count(*) FROM outbox WHERE type = 'application-retired'") == 6


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


async def test_nothing_personal_is_kept_of_it(desk):
    await an_old_one(desk, "mine", [await a_paper(desk, "金丝雀")], applicant=PERSON)
    await retired(desk)
    kept = await everything(desk.database)
    assert [word for word in (*PERSON.values(), PAPER) if word in kept] == []
