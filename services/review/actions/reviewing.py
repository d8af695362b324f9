"""The acts of officers on a case, one transaction each: load, decide, save, state."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.review import domain, store
from services.review.actions.claiming import Desk
from services.review.actions.reading import require_key, unlock
from services.review.domain import CaseFile, Handover, Holder, Recommendation, Ruling
from shared import outbox
from shared.clock import shanghai_date
from shared.contracts.cases import (
    CaseEvent,
    DecisionMade,
    ExpertOpinionGiven,
    RequestedItem,
    SealedCaseEvent,
)
from shared.person_keys import sealed
from shared.postgres import Tx
from shared.sealing import DataKey


@dataclass(frozen=True, slots=True)
class Act:
    """On which case somebody acts, and the claim that they say they hold."""

    application_id: UUID
    holder: Holder


async def accept(desk: Desk, act: Act, now: datetime) -> CaseFile:
    """Accept an application; its main clock has a due date from now on (T05)."""
    return await _act(desk, act, now, lambda file: domain.accept(file, act.holder, now))


async def request_material(desk: Desk, act: Act, items: Sequence[RequestedItem], now: datetime) -> CaseFile:
    """Ask the applicant once for everything that is missing (T14)."""
    return await _act(desk, act, now, lambda file: domain.request_material(file, act.holder, items, now))


async def forward(desk: Desk, act: Act, handover: Handover, now: datetime) -> CaseFile:
    """Hand a case to the next stage with an opinion (T11, T13)."""
    return await _act(desk, act, now, lambda file: domain.forward(file, act.holder, handover, now))


async def give_opinion(desk: Desk, act: Act, given: Recommendation, now: datetime) -> CaseFile:
    """Record what one expert recommends (T12)."""
    return await _act(desk, act, now, lambda file: domain.give_opinion(file, act.holder, given, now))


async def decide(desk: Desk, act: Act, ruling: Ruling, now: datetime) -> CaseFile:
    """Decide a case; of two decisions at once one is taken, the other leaves no trace (T21, T23)."""
    return await _act(desk, act, now, lambda file: domain.decide(file, act.holder, ruling, now))


async def _act(
    desk: Desk, act: Act, now: datetime, choose: Callable[[CaseFile], Sequence[CaseEvent]]
) -> CaseFile:
    """Load the case and open its dossier, let the rules choose what happens, seal that, save it, state it.

    Raises Unavailable `person-key-missing` until the data key of the person has arrived.
    """
    async with desk.database.transaction() as tx:
        row = await store.lock_case(tx, act.application_id)
        book = await desk.shelf.rulebook(tx)
        rules = book.rules(row.case.region, row.case.policy_version, shanghai_date(now))
        key = await require_key(tx, desk, row.dossier)
        file = CaseFile(row.case, row.claim, unlock(row.dossier, key), rules, book.calendar(rules))
        events = [_sealed(event, key) for event in choose(file)]
        return await _save(tx, file, events)


def _sealed(event: CaseEvent, key: DataKey) -> CaseEvent:
    return sealed(event, key) if isinstance(event, SealedCaseEvent) else event


async def _save(tx: Tx, file: CaseFile, events: Sequence[CaseEvent]) -> CaseFile:
    case = file.case
    for event in events:
        case = domain.evolve(case, event)
    await store.save_cases(tx, [store.Change(case, events)])
    await mark(tx, events)
    await outbox.add(tx, events)
    return replace(file, case=case, claim=domain.released(file.claim))


async def mark(tx: Tx, events: Sequence[CaseEvent]) -> None:
    """Count the voices and the decision among events, each in its own table."""
    for event in events:
        if isinstance(event, ExpertOpinionGiven):
            await store.add_opinion(tx, event)
        elif isinstance(event, DecisionMade):
            await store.add_decision(tx, event)
