"""A person is erased: asked for by one member of staff, done by another."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

import structlog

from services.intake.actions.desk import Desk
from services.intake.actions.leaving import delete_objects, take_everything
from services.intake.domain.erasing import Erasure, require_another, require_ended
from services.intake.materials import archive_place, manifest_place, place_of
from services.intake.store import erasing as store
from services.intake.store import leaving
from services.intake.store.person_keys import KeyAsItIs
from shared import outbox
from shared.contracts.persons import PersonErased
from shared.contracts.topics import DAY
from shared.errors import Refused, Unavailable
from shared.looks import Look
from shared.postgres import AWAY, PASSING, Database, Tx

LAG = timedelta(milliseconds=DAY)
"""What the topic of keys has as `max.compaction.lag.ms`: a record that much later begins a new segment."""

TIMES = 2
"""How often an erasure is stated again. Kafka cleans no segment that is still written to, and begins the next
only with another record: the first time lets it take a key that came before the tombstone. The second lets it
take one that came after, from a relay that had read it and did not know yet that it was deposed."""

PAUSE = 3600.0
"""Seconds between two looks at which erasures are to be stated again."""

MOST = 500
"""How many of them in one transaction."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Asked:
    """Who asks for which person's erasure, and why."""

    person_id: UUID
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class Erased:
    """What an erasure took with it: papers of this person alone; others share the rest."""

    erasure: Erasure
    papers: int


class Gone(NamedTuple):
    """How many papers lost their keys, and the places in the object store that are now to be deleted."""

    papers: int
    objects: Sequence[str]


async def ask_to_erase(desk: Desk, erasure_id: UUID, asked: Asked, now: datetime) -> Erasure:
    """Ask for a person's erasure; nothing is erased before another member of staff agrees.

    Raises Refused `person-unknown` (404), or `application-open` while one of theirs has not ended.
    """
    erasure = Erasure(erasure_id, asked.person_id, asked.reason, asked.by, now)
    async with desk.database.transaction() as tx:
        require_ended(await store.numbers_of(tx, asked.person_id))
        await store.add_erasure(tx, erasure)
    return erasure


async def erase(desk: Desk, erasure_id: UUID, look: Look, now: datetime) -> Erased:
    """Erase the person: their data key, the keys of their papers, and their copies with the readers.

    Whose look it is agrees; the look learns whose erasure it is and why, also where it is refused.

    Raises Refused `erasure-unknown` (404), `four-eyes` when the same person agrees who asked,
    `erasure-done`, or `application-open`.
    """
    async with desk.database.transaction() as tx:
        erasure = await store.get_erasure(tx, erasure_id)
        if erasure is None:
            raise Refused("erasure-unknown", "nobody asked for this erasure", status=404)
        look.person_id, look.reason = erasure.person_id, erasure.reason
        require_another(erasure, look.actor)
        await store.forget_key(tx, erasure.person_id)
        require_ended(await store.numbers_of(tx, erasure.person_id))
        gone = await erase_person(tx, erasure, look.actor, now)
        # What a retention that was not ended had marked: theirs may be among it.
        left = await take_everything(tx)
    try:
        await delete_objects(desk, [*gone.objects, *left])
    except Unavailable:
        log.warning("sealed-papers-left-behind", objects=len(gone.objects) + len(left))
    return Erased(erasure, gone.papers)


async def erase_person(tx: Tx, erasure: Erasure, by: str, now: datetime) -> Gone:
    """Delete the keys of a person and of papers that are theirs alone, and state it.

    What is left of the papers opens for nobody; it is noted, and whoever comes next deletes it.
    """
    person_id = erasure.person_id
    await store.forget_key(tx, person_id)
    stored, archived = await store.forget_papers(tx, person_id), await leaving.forget_archived(tx, person_id)
    objects = {place_of(key_id) for key_id in [*stored, *(key_id for key_id, _ in archived)]}
    objects |= {archive_place(application_id, key_id) for key_id, application_id in archived}
    objects |= {manifest_place(application_id) for _, application_id in archived}
    await leaving.add_leftovers(tx, objects)
    await store.add_approval(tx, erasure, by, now)
    await outbox.add(tx, [PersonErased(person_id=person_id, occurred_at=now)])
    return Gone(len(stored) + len(archived), sorted(objects))


async def restate_erased(database: Database, now: datetime, lag: timedelta = LAG) -> int:
    """State the keys of erased persons again, as they are now; of how many persons.

    Who came back after the erasure has a new key, and it is that which is stated.
    """
    async with database.transaction() as tx:
        persons = await store.restate(tx, now, lag, TIMES, MOST)
        await outbox.add(tx, [KeyAsItIs(person_id=one, occurred_at=now) for one in persons])
    return len(persons)


async def keep_restating(database: Database, now: Callable[[], datetime]) -> None:
    """Look every hour until cancelled; what came due while nobody looked is stated at once."""
    while True:
        try:
            while await restate_erased(database, now()):
                pass
        except (*AWAY, *PASSING) as error:
            log.warning("erasures-not-restated", reason=type(error).__name__)
        await asyncio.sleep(PAUSE)
