"""I5: of several decisions of one case at the same moment one counts, and the others leave no trace."""

import asyncio
from functools import partial
from uuid import UUID

import pytest

from services.review import actions, domain, store
from services.review.actions import Act, Desk
from services.review.actions.reading import require_key, unlock
from services.review.domain import Holder, Ruling
from shared import outbox
from shared.contracts.cases import Outcome
from shared.errors import Refused
from shared.person_keys import sealed
from tests.support import invariants
from tests.support.cases import FINAL
from tests.support.observing import Told
from tests.support.recorder import Duel
from tests.support.review_desk import ReviewDesk, a_database

RIVALS = 10
APPROVED = Ruling(Outcome.APPROVED, "同意。")
DECISIONS = "SELECT * FROM decisions"
OUTBOX = "SELECT * FROM outbox ORDER BY id"
NO_UNIQUE_KEY = "ALTER TABLE decisions DROP CONSTRAINT decisions_pkey"
ADD = """
INSERT INTO decisions (application_id, outcome, decided_by, first_reviewer, policy_version, decided_at)
VALUES ($1, 'approved', $2, 'first-1', 1, $3)"""


@pytest.fixture
async def desk(stack):
    """Review in one process with a case before its final reviewers."""
    database = await a_database(stack)
    yield await ReviewDesk.cleared(database)
    await database.close()


async def test_of_ten_decisions_at_once_one_counts(desk, figures):
    case = await desk.at_final()
    breaches = await duel(desk, case, actions.decide)
    assert not breaches, breaches
    figures("I5", decisions=RIVALS, effective=1, refused=RIVALS - 1)


async def test_the_check_catches_a_decision_that_reads_without_a_lock(desk):
    case = await desk.at_final()
    await desk.database.execute(NO_UNIQUE_KEY)
    assert await duel(desk, case, partial(decide_without_a_lock, asyncio.Barrier(RIVALS)))


async def duel(desk: ReviewDesk, case: UUID, decide) -> list[str]:
    """Claim a case and decide it many times at the same moment; what the check finds."""
    claim = await actions.claim_case(desk.desk, case, FINAL, desk.now)
    act = Act(case, Holder(FINAL, claim.token))
    statuses = await asyncio.gather(*(answer(decide, desk, act) for _ in range(RIVALS)))
    told = [Told.stated(row) for row in await desk.database.fetch(OUTBOX)]
    rows = await desk.database.fetch(DECISIONS)
    return [
        *invariants.each_case_is_decided_once([Duel(case, tuple(statuses))], rows, told),
        *invariants.each_key_is_in_order([one for one in told if one.key == str(case)]),
    ]


async def answer(decide, desk: ReviewDesk, act: Act) -> int:
    """The status that the API would give."""
    try:
        await decide(desk.desk, act, APPROVED, desk.now)
    except Refused as refused:
        return refused.status
    return 201


async def decide_without_a_lock(all_have_read, desk: Desk, act: Act, ruling: Ruling, now) -> None:
    """Load, decide, save, state; but nobody is kept from doing the same meanwhile, and here all do."""
    row = await store.read_case(desk.database, act.application_id)
    await all_have_read.wait()
    book = await desk.shelf.rulebook(desk.database)
    rules = book.pinned(row.case.region, row.case.policy_version)
    key = await require_key(desk.database, desk, row.dossier)
    file = domain.CaseFile(row.case, row.claim, unlock(row.dossier, key), rules, book.calendar(rules))
    event = sealed(domain.decide(file, act.holder, ruling, now)[0], key)
    case = domain.evolve(file.case, event)
    async with desk.database.transaction() as tx:
        await store.save_cases(tx, [store.Change(case, [event])])
        await tx.execute(ADD, case.application_id, act.holder.officer.id, now)
        await outbox.add(tx, [event])
