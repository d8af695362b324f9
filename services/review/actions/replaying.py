"""Cases made again: the fold of what review stated, and the dossiers that intake told. Nothing is stated."""

from collections.abc import Sequence

from services.review import domain, store
from services.review.actions.reviewing import mark
from services.review.domain import Case
from services.review.store import replaying
from shared.contracts.applications import ApplicationSubmitted, MaterialSupplied
from shared.contracts.cases import CaseEvent, CaseOpened, DueDateCorrected
from shared.postgres import Tx


async def fold_cases(tx: Tx, events: Sequence[CaseEvent]) -> None:
    """Bring cases to where the next event of each has brought them."""
    cases = await replaying.read_states(tx, [event.application_id for event in events])
    changes = [_change(cases.get(event.application_id), event) for event in events]
    await store.insert_cases(tx, [c for c in changes if isinstance(c.events[0], CaseOpened)])
    later = [c for c in changes if not isinstance(c.events[0], CaseOpened)]
    if later:
        await store.save_cases(tx, later)
    await mark(tx, events)
    corrected = [event for event in events if isinstance(event, DueDateCorrected)]
    if corrected:
        await store.add_corrections(tx, corrected)


async def keep_submitted(tx: Tx, submitted: Sequence[ApplicationSubmitted]) -> None:
    """Keep what intake told of new applications."""
    await replaying.keep_dossiers(tx, {one.application_id: domain.Dossier(one) for one in submitted})


async def keep_supplied(tx: Tx, supplied: Sequence[MaterialSupplied]) -> None:
    """Add the papers that applicants handed in later."""
    before = await replaying.read_dossiers(tx, [one.application_id for one in supplied])
    known = [one for one in supplied if one.application_id in before]
    grown = {one.application_id: domain.supplemented(before[one.application_id], one) for one in known}
    await replaying.keep_dossiers(tx, grown)


def _change(before: Case | None, event: CaseEvent) -> store.Change:
    return store.Change(domain.evolve(before, event), [event])
