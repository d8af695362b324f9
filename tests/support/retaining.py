"""Retention in intake's own process: what was kept long enough, and who lets it go."""

from collections import Counter
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest

from services.intake import actions
from services.intake.actions import Ask
from services.intake.domain.papers import name_of
from services.intake.store.materials import get_key
from shared.errors import Refused
from shared.looks import Look
from shared.person_keys import sealed
from tests.support.intake import (
    CHANNEL,
    LOOKUP_KEY,
    NOON,
    PANZHIHUA,
    PDF,
    a_material,
    an_id_number,
    offer,
    submit,
)
from tests.support.private import as_read
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
    """Batch after batch until nothing is left; all that was done."""
    done = Counter()
    for step in range(20):
        batch = await actions.retire_some(desk, run_id, at + timedelta(seconds=step))
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


async def upload_again(desk):
    """The paper that every application hands in was uploaded again shortly before."""
    await actions.store_material(desk, PDF, "application/pdf", CHANNEL, DUE - timedelta(days=1))
