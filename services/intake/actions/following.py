"""What becomes of an application: shown, supplemented, withdrawn, moved by review."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.intake.actions.desk import Desk
from services.intake.domain import answering, papers, submitting
from services.intake.domain.answering import Supplement
from services.intake.domain.following import Application, evolve
from services.intake.domain.timeline import Entry, entry, submitted_entry
from services.intake.domain.validating import find_upload_defects
from services.intake.store import applications
from services.intake.store import materials as uploads
from shared import outbox
from shared.contracts.base import ApplicationEvent, SealedEvent
from shared.contracts.cases import CaseEvent
from shared.errors import Unavailable
from shared.looks import Look
from shared.person_keys import require, sealed
from shared.postgres import Tx


@dataclass(frozen=True, slots=True)
class Ask:
    """Which application a channel asks for; `serves` are its regions, `look` is the record of it."""

    channel: str
    serves: frozenset[str]
    number: str
    look: Look | None = None


async def find_application(desk: Desk, ask: Ask) -> tuple[Application, list[Entry]]:
    """Show an application, opened, and its timeline; Refused `application-unknown` (404) out of reach."""
    found = await applications.find_applications(desk.database, [ask.number])
    application = _reach(found.get(ask.number), ask)
    if application.asked:
        (asked,) = await desk.keys.open(desk.database, [application.asked])
        application = replace(application, asked=asked)
    if application.decision:
        (decision,) = await desk.keys.open(desk.database, [application.decision])
        application = replace(application, decision=decision)
    later = await applications.timeline(desk.database, application.application_id)
    return application, [submitted_entry(application.acceptance_no, application.submitted_at), *later]


async def supply_material(desk: Desk, ask: Ask, supplement: Supplement, now: datetime) -> Sequence[str]:
    """Hand in what a reviewer asked for (T15); gives the kinds that had been asked for."""
    async with desk.database.transaction() as tx:
        application = await _lock(tx, ask)
        names = papers.names_of(desk.lookup_key, supplement.materials)
        stored = await uploads.hold_materials(tx, names)
        rules = desk.policies.in_force(application.region, submitting.shanghai_day(now))
        defects = find_upload_defects(supplement.materials, rules, stored)
        events = answering.supply_material(application, supplement, defects, desk.lookup_key, now)
        await _save_and_state(tx, desk, application, events)
    return application.asked.kinds if application.asked else ()


async def withdraw(desk: Desk, ask: Ask, reason: str | None, now: datetime) -> None:
    """Take an application back before a decision (T24)."""
    async with desk.database.transaction() as tx:
        application = await _lock(tx, ask)
        await _save_and_state(tx, desk, application, answering.withdraw(application, reason, now))


async def follow_cases(tx: Tx, events: Sequence[tuple[CaseEvent, int]]) -> None:
    """Bring the applicant's view up to date; events with their sequence numbers, one per application.

    Raises Unavailable `application-unknown` for a case whose application is not here (yet).
    """
    found = await applications.lock_applications(tx, [event.application_id for event, _ in events])
    if len(found) < len(events):
        raise Unavailable("application-unknown", "a case came before its application")
    await applications.save_applications(
        tx, [replace(evolve(found[e.application_id], [e]), followed=number) for e, number in events]
    )
    await applications.add_entries(tx, [(e.application_id, number, entry(e)) for e, number in events])


async def _seal(
    tx: Tx, desk: Desk, person_id: UUID, events: Sequence[ApplicationEvent]
) -> list[ApplicationEvent]:
    keys = await desk.keys.of_persons(tx, [person_id])
    return [
        sealed(event, require(keys, person_id)) if isinstance(event, SealedEvent) and event.private else event
        for event in events
    ]


async def _lock(tx: Tx, ask: Ask) -> Application:
    return _reach(await applications.lock_application(tx, ask.number), ask)


def _reach(found: Application | None, ask: Ask) -> Application:
    if found and ask.look:
        ask.look.applications = [found.application_id]
    return answering.require_reach(found, ask.channel, ask.serves)


async def _save_and_state(
    tx: Tx, desk: Desk, application: Application, decided: Sequence[ApplicationEvent]
) -> None:
    if not decided:
        return
    events = await _seal(tx, desk, application.person_id, decided)
    await applications.save_applications(tx, [evolve(application, events)])
    stated = await outbox.add(tx, events)
    lines = [(application.application_id, s.sequence, entry(e)) for s, e in zip(stated, events, strict=True)]
    await applications.add_entries(tx, lines)
