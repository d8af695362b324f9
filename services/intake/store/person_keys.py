"""What intake states about the data keys of persons."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar
from uuid import UUID

from shared.contracts.persons import PersonEvent, PersonKeyMade
from shared.key_service import WrappedKey
from shared.person_keys import FIND_OF_PERSONS, Made, wrapped_key
from shared.postgres import Database, Tx
from shared.sealing import box_text


def key_made(made: Made, now: datetime) -> PersonKeyMade:
    """What readers are told of a new key."""
    return _stated(made.person_id, made.wrapped, now)


class KeyAsItIs(PersonEvent):
    """The state of a person's key at the time when it is published: a PersonKeyMade, or its tombstone."""

    type: ClassVar[str] = PersonKeyMade.type
    version: ClassVar[int] = PersonKeyMade.version
    is_state: ClassVar[bool] = True


async def bodies(database: Database, persons: Collection[str]) -> dict[str, bytes]:
    """What the relay publishes about the keys of these persons; nothing for one who was erased."""
    rows = await database.fetch(FIND_OF_PERSONS, [UUID(person) for person in persons])
    stated = [_stated(row["person_id"], wrapped_key(row), row["made_at"]) for row in rows]
    return {event.key: event.model_dump_json().encode() for event in stated}


@dataclass(frozen=True, slots=True)
class Kept:
    """The wrapped key of a person as it is kept."""

    person_id: UUID
    made_at: datetime
    key: WrappedKey


def key_stated(kept: Kept, key: WrappedKey) -> PersonKeyMade:
    """What readers are told of a key that was wrapped anew."""
    return _stated(kept.person_id, key, kept.made_at)


LOCK_KEYS = """
SELECT person_id, key_id, algorithm, master, box, made_at FROM person_keys
WHERE master <> $1 ORDER BY person_id LIMIT $2 FOR UPDATE"""


async def lock_keys_under_others(tx: Tx, master: str, most: int) -> list[Kept]:
    """Some keys that are not under this master key."""
    rows = await tx.fetch(LOCK_KEYS, master, most)
    return [Kept(row["person_id"], row["made_at"], wrapped_key(row)) for row in rows]


SAVE_KEYS = """
UPDATE person_keys p SET master = n.master, box = n.box
FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS n (key_id, master, box) WHERE p.key_id = n.key_id"""


async def save_keys(tx: Tx, keys: Sequence[WrappedKey]) -> None:
    """Write keys as they are wrapped now."""
    await tx.execute(SAVE_KEYS, [k.key_id for k in keys], [k.master for k in keys], [k.box for k in keys])


def _stated(person_id: UUID, wrapped: WrappedKey, at: datetime) -> PersonKeyMade:
    return PersonKeyMade(
        occurred_at=at,
        person_id=person_id,
        key_id=wrapped.key_id,
        algorithm=wrapped.algorithm.value,
        master=wrapped.master,
        box=box_text(wrapped.box),
    )
