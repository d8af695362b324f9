"""The acts of officers on a case, one transaction each: load, decide, save, state."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.review import domain, store
from services.review.actions.claiming import Desk
from services.review.domain import CaseFile, Handover, Holder, Recommendation, Ruling
from shared import outbox
from shared.contracts.cases import CaseEvent, DecisionMade, ExpertOpinionGiven, RequestedItem
from shared.postgres import Tx


@dataclass(frozen=True, slots=True)
class Act:
    """On which case somebody acts, and the claim that they say they hold."""

    application_id: UUID
    holder: Holder


async def accept(desk: Desk, act: Act, now: datetime) -> CaseFile:
    """Accept an application; its main clock has a due date from now on (T05)."""
    async with desk.database.transaction() as tx:
        file = await _load(tx, desk, act)
        return await _save(tx, file, domain.accept(file, act.holder, now), now)


async def request_material(desk: Desk, act: Act, items: Sequence[RequestedItem], now: datetime) -> CaseFile:
    """Ask the applicant once for everything that is missing (T14)."""
    async with desk.database.transaction() as tx:
        file = await _load(tx, desk, act)
        return await _save(tx, file, domain.request_material(file, act.holder, items, now), now)


async def forward(desk: Desk, act: Act, handover: Handover, now: datetime) -> CaseFile:
    """Hand a case to the next stage with an opinion (T11, T13)."""
    async with desk.database.transaction() as tx:
        file = await _load(tx, desk, act)
        return await _save(tx, file, domain.forward(file, act.holder, handover, now), now)


async def give_opinion(desk: Desk, act: Act, given: Recommendation, now: datetime) -> CaseFile:
    """Record what one expert recommends (T12)."""
    async with desk.database.transaction() as tx:
        file = await _load(tx, desk, act)
        return await _save(tx, file, domain.give_opinion(file, act.holder, given, now), now)


async def decide(desk: Desk, act: Act, ruling: Ruling, now: datetime) -> CaseFile:
    """Decide a case; of two decisions at once one is taken, the other leaves no trace (T21, T23)."""
    async with desk.database.transaction() as tx:
        file = await _load(tx, desk, act)
        return await _save(tx, file, domain.decide(file, act.holder, ruling, now), now)


async def _load(tx: Tx, desk: Desk, act: Act) -> CaseFile:
    row = await store.lock_case(tx, act.application_id)
    book = await desk.shelf.rulebook(tx)
    rules = book.rules(row.case.region, row.case.policy_version)
    return CaseFile(row.case, row.claim, row.dossier, rules, book.calendar(rules))


async def _save(tx: Tx, file: CaseFile, events: Sequence[CaseEvent], now: datetime) -> CaseFile:
    case = file.case
    for event in events:
        case = domain.evolve(case, event)
    due = domain.due_of(case, file.calendar)
    await store.save_cases(tx, [store.Change(case, events, due)], now)
    await _mark(tx, events)
    await outbox.add(tx, events)
    return replace(file, case=case, claim=domain.released(file.claim))


async def _mark(tx: Tx, events: Sequence[CaseEvent]) -> None:
    for event in events:
        if isinstance(event, ExpertOpinionGiven):
            await store.add_opinion(tx, event)
        elif isinstance(event, DecisionMade):
            await store.add_decision(tx, event)
