"""Applications made again: the fold of what intake and review stated, in the order in which it came here."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from math import inf
from uuid import UUID

from services.intake.actions.following import follow_cases
from services.intake.domain.following import evolve
from services.intake.domain.timeline import entry
from services.intake.store import applications, replaying
from services.intake.store.replaying import Later
from shared.contracts.applications import ApplicationSubmitted
from shared.contracts.cases import CaseEvent
from shared.postgres import Database, Tx

AT_ONCE = 500


async def open_applications(tx: Tx, submitted: Sequence[ApplicationSubmitted]) -> None:
    """Write applications as they were submitted."""
    await replaying.open_applications(tx, submitted)


async def put_aside(tx: Tx, events: Sequence[tuple[Later, int]]) -> None:
    """Let what intake stated later wait until the events of review that it followed are here."""
    await replaying.put_aside(tx, events)


async def follow_in_turn(tx: Tx, events: Sequence[tuple[CaseEvent, int]]) -> None:
    """Follow cases as ever, after what intake itself had stated before."""
    await _take_up(tx, {event.application_id: number for event, number in events})
    await follow_cases(tx, events)


async def follow_the_rest(database: Database) -> None:
    """Take up what intake stated after the last event of review."""
    while ids := await replaying.still_aside(database, AT_ONCE):
        async with database.transaction() as tx:
            await _take_up(tx, dict.fromkeys(ids, inf))


async def _take_up(tx: Tx, before: Mapping[UUID, float]) -> None:
    """Apply what was stated before the event of review of that number, to each application in order."""
    rows = [
        (row, number, event)
        for row, number, event in await replaying.read_aside(tx, list(before))
        if event.followed < before[event.application_id]
    ]
    if not rows:
        return
    stated: dict[UUID, list[Later]] = defaultdict(list)
    for _, _, event in rows:
        stated[event.application_id].append(event)
    found = await applications.lock_applications(tx, list(stated))
    await applications.save_applications(tx, [evolve(found[id_], events) for id_, events in stated.items()])
    await applications.add_entries(tx, [(e.application_id, number, entry(e)) for _, number, e in rows])
    await replaying.take_up(tx, [row for row, _, _ in rows])
