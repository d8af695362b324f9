"""The data keys of persons as a service keeps them, and the events that are sealed under them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import NamedTuple, TypeVar
from uuid import UUID

import structlog

from shared.contracts.base import SealedEvent
from shared.contracts.persons import PersonErased, PersonKeyMade
from shared.errors import Unavailable
from shared.key_service import KeyService, WrappedKey
from shared.postgres import Database, Row, Tx
from shared.sealing import (
    Algorithm,
    DataKey,
    Unsealable,
    box_bytes,
    seal_json,
    unseal_json,
)

E = TypeVar("E", bound=SealedEvent)

log = structlog.get_logger()

_COLUMNS = "SELECT person_id, key_id, algorithm, master, box, made_at FROM person_keys"

FIND = f"{_COLUMNS} WHERE key_id = ANY($1::uuid[])"

FIND_OF_PERSONS = f"{_COLUMNS} WHERE person_id = ANY($1::uuid[])"

KEEP = """
INSERT INTO person_keys (person_id, key_id, algorithm, master, box, made_at)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::bytea[], $6::timestamptz[])
ON CONFLICT (person_id) DO UPDATE
SET key_id = EXCLUDED.key_id, algorithm = EXCLUDED.algorithm, master = EXCLUDED.master, box = EXCLUDED.box,
    made_at = EXCLUDED.made_at
WHERE person_keys.made_at <= EXCLUDED.made_at"""

FORGET = "DELETE FROM person_keys WHERE person_id = ANY($1::uuid[])"


class Made(NamedTuple):
    """A new data key of a person, and how it is kept."""

    person_id: UUID
    key: DataKey
    wrapped: WrappedKey


class PersonKeys:
    """Reads the wrapped keys of persons out of the database; nothing is kept, so that what is erased is."""

    def __init__(self, service: KeyService, algorithm: Algorithm) -> None:
        self._service = service
        self._algorithm = algorithm

    async def find(self, source: Tx | Database, key_ids: Collection[UUID]) -> dict[UUID, DataKey]:
        """The keys that are here, by their id; one that was erased or has not arrived is missing."""
        keys = await self._unwrap(await source.fetch(FIND, list(key_ids))) if key_ids else {}
        return {key.key_id: key for key in keys.values()}

    async def of_persons(self, source: Tx | Database, persons: Collection[UUID]) -> dict[UUID, DataKey]:
        """The keys that are here, by person."""
        return await self._unwrap(await source.fetch(FIND_OF_PERSONS, list(persons))) if persons else {}

    async def make(self, persons: Collection[UUID]) -> dict[UUID, Made]:
        """Draw a key for each person; nothing is stored."""
        keys = [DataKey.fresh(self._algorithm) for _ in persons]
        wrapped = await self._service.wrap(keys)
        rows = zip(persons, keys, wrapped, strict=True)
        return {person: Made(person, key, one) for person, key, one in rows}

    async def draw(self) -> tuple[DataKey, WrappedKey]:
        """Draw a key for something else, a paper for example; nothing is stored."""
        key = DataKey.fresh(self._algorithm)
        (wrapped,) = await self._service.wrap([key])
        return key, wrapped

    @property
    def master(self) -> str:
        """The name of the master key that wraps now."""
        return self._service.current

    async def rewrap(self, wrapped: Sequence[WrappedKey]) -> list[WrappedKey]:
        """Bring keys under the current master key."""
        return await self._service.rewrap(wrapped)

    async def unwrap(self, wrapped: WrappedKey) -> DataKey:
        """Give the key back; raises as `KeyService.unwrap` does."""
        (key,) = await self._service.unwrap([wrapped])
        return key

    async def open(self, source: Tx | Database, events: Sequence[E]) -> list[E]:
        """Open what can be opened; the private part of an erased person stays None."""
        keys = await self.find(source, {event.key_id for event in events if event.key_id})
        return [opened(event, keys.get(event.key_id) if event.key_id else None) for event in events]

    async def _unwrap(self, rows: Sequence[Row]) -> dict[UUID, DataKey]:
        try:
            keys = await self._service.unwrap([wrapped_key(row) for row in rows])
        except (Unsealable, Unavailable):
            if len(rows) > 1:
                return {person: key for row in rows for person, key in (await self._unwrap([row])).items()}
            # Only who belongs to it waits; a page or a batch goes on without it.
            log.exception("person-key-does-not-open", key_id=str(rows[0]["key_id"]), master=rows[0]["master"])
            return {}
        return {row["person_id"]: key for row, key in zip(rows, keys, strict=True)}


async def keep(tx: Tx, made: Iterable[PersonKeyMade]) -> None:
    """Keep keys that were published; of each person the newest."""
    rows = [(m.person_id, m.key_id, m.algorithm, m.master, box_bytes(m.box), m.occurred_at) for m in made]
    await tx.execute(KEEP, *map(list, zip(*rows, strict=True)))


async def forget(tx: Tx, erased: Iterable[PersonErased]) -> None:
    """Delete the keys of erased persons: what was sealed under them opens no more."""
    await tx.execute(FORGET, [event.person_id for event in erased])


def require(keys: Mapping[UUID, DataKey], name: UUID) -> DataKey:
    """The key of that name; Unavailable `person-key-missing` before it arrives, and after the erasure."""
    key = keys.get(name)
    if key is None:
        raise Unavailable("person-key-missing", "the key of this person is not here, or was erased")
    return key


def sealed(event: E, key: DataKey) -> E:
    """Seal the private part of an event; it stays readable in memory."""
    if event.private is None:
        return event
    box = seal_json(key, event.private, event.context)
    return event.model_copy(update={"key_id": key.key_id, "sealed": box})


def opened(event: E, key: DataKey | None) -> E:
    """Open the private part of an event; it stays None without the right key."""
    if event.sealed is None or key is None or key.key_id != event.key_id:
        return event
    private = unseal_json(key, event.sealed, event.context, event.private_kind)
    return event.model_copy(update={"private": private})


def wrapped_key(row: Row) -> WrappedKey:
    """Read the wrapped key of a row."""
    return WrappedKey(
        key_id=row["key_id"], algorithm=Algorithm(row["algorithm"]), master=row["master"], box=row["box"]
    )
