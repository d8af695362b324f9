"""A person is erased: asked for by one member of staff, done by another."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import structlog

from services.intake.actions.desk import Desk
from services.intake.domain.erasing import Erasure, require_another, require_ended
from services.intake.store import erasing as store
from shared import outbox
from shared.contracts.persons import PersonErased
from shared.errors import Refused, Unavailable
from shared.looks import Look

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

    Whose look it is agrees; the look learns whose erasure it is, also where it is refused.

    Raises Refused `erasure-unknown` (404), `four-eyes` when the same person agrees who asked,
    `erasure-done`, or `application-open`.
    """
    async with desk.database.transaction() as tx:
        erasure = await store.lock_erasure(tx, erasure_id)
        if erasure is None:
            raise Refused("erasure-unknown", "nobody asked for this erasure", status=404)
        look.person_id = erasure.person_id
        require_another(erasure, look.actor)
        await store.forget_key(tx, erasure.person_id)
        require_ended(await store.numbers_of(tx, erasure.person_id))
        objects = await store.forget_papers(tx, erasure.person_id)
        await store.add_approval(tx, erasure, look.actor, now)
        await outbox.add(tx, [PersonErased(person_id=erasure.person_id, occurred_at=now)])
    await _forget(desk, objects)
    return Erased(erasure, len(objects))


async def _forget(desk: Desk, objects: Sequence[UUID]) -> None:
    """Delete sealed papers whose keys are gone; one that stays behind opens for nobody."""
    for key_id in objects:
        try:
            await desk.materials.forget(key_id)
        except Unavailable:
            log.warning("sealed-paper-left-behind", key_id=str(key_id))
