"""What intake states about the data keys of persons."""

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from shared.contracts.persons import PersonKeyMade
from shared.key_service import WrappedKey
from shared.person_keys import FIND_OF_PERSONS, Made, wrapped_key
from shared.postgres import Database
from shared.sealing import box_text


def key_made(made: Made, now: datetime) -> PersonKeyMade:
    """What readers are told of a new key."""
    return _stated(made.person_id, made.wrapped, now)


async def bodies(database: Database, persons: Collection[str]) -> dict[str, bytes]:
    """What the relay publishes about the keys of these persons; nothing for one who was erased."""
    rows = await database.fetch(FIND_OF_PERSONS, [UUID(person) for person in persons])
    stated = [_stated(row["person_id"], wrapped_key(row), row["made_at"]) for row in rows]
    return {event.key: event.model_dump_json().encode() for event in stated}


def _stated(person_id: UUID, wrapped: WrappedKey, at: datetime) -> PersonKeyMade:
    return PersonKeyMade(
        occurred_at=at,
        person_id=person_id,
        key_id=wrapped.key_id,
        algorithm=wrapped.algorithm.value,
        master=wrapped.master,
        box=box_text(wrapped.box),
    )
