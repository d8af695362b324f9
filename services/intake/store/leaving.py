"""SQL of papers on their way out: marked, taken unless they are in use, archived or deleted."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.key_service import WrappedKey
from shared.person_keys import wrapped_key
from shared.postgres import Database, Tx

MARK = """
UPDATE materials SET leaving_at = $2, archive_of = coalesce($3, archive_of) WHERE name = ANY($1::bytea[])"""


async def mark(tx: Tx, names: Collection[bytes], now: datetime, archive_of: UUID | None) -> None:
    """Let papers leave, into the archive of an application or for good; who comes for one now finds none."""
    await tx.execute(MARK, list(names), now, archive_of)


_UNUSED = """
FROM materials m WHERE m.stored_at < $1 AND m.leaving_at IS NULL AND NOT EXISTS (
    SELECT FROM applications a, unnest(string_to_array(a.papers, ',')) AS paper
    WHERE paper = encode(m.name, 'hex'))"""

COUNT_UNUSED = f"SELECT count(*) {_UNUSED}"


async def count_unused(source: Database, before: datetime) -> int:
    """How many papers that no application names were last uploaded before then."""
    return int(await source.fetchval(COUNT_UNUSED, before))


MARK_UNUSED = f"""
UPDATE materials SET leaving_at = $2
WHERE stored_at < $1 AND name IN (SELECT m.name {_UNUSED} ORDER BY m.stored_at LIMIT $3)
RETURNING name"""  # noqa: S608 only constants of our own go in


async def mark_unused(source: Database, before: datetime, now: datetime, most: int) -> int:
    """Let some papers leave that no application names and that were last uploaded before then; how many."""
    return len(await source.fetch(MARK_UNUSED, before, now, most))


COUNT_LEAVING = """
SELECT (SELECT count(*) FROM materials WHERE leaving_at IS NOT NULL)
    + (SELECT count(*) FROM archived_papers WHERE archived_at IS NULL) + (SELECT count(*) FROM leftovers)"""


async def count_leaving(source: Database) -> int:
    """How many papers are on their way out."""
    return int(await source.fetchval(COUNT_LEAVING))


@dataclass(frozen=True, slots=True)
class Leaving:
    """A paper that leaves: its name, the id it lies under, and whose archive it goes to, if to any."""

    name: bytes
    key_id: UUID
    archive_of: UUID | None


LOCK_LEAVING = """
SELECT name, key_id, archive_of FROM materials WHERE leaving_at IS NOT NULL
ORDER BY leaving_at, name LIMIT $1 FOR UPDATE SKIP LOCKED"""


async def lock_leaving(tx: Tx, most: int | None = None) -> list[Leaving]:
    """Some papers that were marked, or all, but those that somebody is handing in at this moment."""
    return [Leaving(**row) for row in await tx.fetch(LOCK_LEAVING, most)]


IN_USE = """
SELECT DISTINCT paper FROM applications, unnest(string_to_array(papers, ',')) AS paper
WHERE papers <> '' AND paper = ANY($1::text[])"""


async def in_use(tx: Tx, names: Collection[bytes]) -> set[bytes]:
    """Which of the papers an application names."""
    rows = await tx.fetch(IN_USE, [name.hex() for name in names])
    return {bytes.fromhex(row["paper"]) for row in rows}


STAY = "UPDATE materials SET leaving_at = NULL, archive_of = NULL WHERE name = ANY($1::bytea[])"


async def stay(tx: Tx, names: Collection[bytes]) -> None:
    """Let papers stay."""
    await tx.execute(STAY, list(names))


TAKE = """
WITH gone AS (DELETE FROM materials WHERE name = ANY($1::bytea[]) RETURNING *)
INSERT INTO archived_papers
    (key_id, application_id, name, size, content_type, stored_at, algorithm, master, box)
SELECT key_id, archive_of, name, size, content_type, stored_at, algorithm, master, box
FROM gone WHERE archive_of IS NOT NULL"""


async def take(tx: Tx, names: Collection[bytes]) -> None:
    """Delete the keys of papers, and keep those that go to an archive there."""
    await tx.execute(TAKE, list(names))


ADD_LEFTOVERS = "INSERT INTO leftovers (object) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING"


async def add_leftovers(tx: Tx, objects: Collection[str]) -> None:
    """Note objects that have to be deleted."""
    await tx.execute(ADD_LEFTOVERS, list(objects))


LEFTOVERS = "SELECT object FROM leftovers ORDER BY object LIMIT $1"


async def leftovers(source: Database, most: int) -> list[str]:
    """Some objects that have to be deleted."""
    return [row["object"] for row in await source.fetch(LEFTOVERS, most)]


CROSS_OFF = "DELETE FROM leftovers WHERE object = ANY($1::text[])"


async def cross_off(source: Database, objects: Collection[str]) -> None:
    """Forget objects that were deleted."""
    await source.execute(CROSS_OFF, list(objects))


@dataclass(frozen=True, slots=True)
class Archived:
    """A paper in an archive, or on its way there while `archived_at` is empty."""

    key_id: UUID
    name: bytes
    size: int
    content_type: str
    stored_at: datetime
    sealed_hash: str | None
    archived_at: datetime | None


UNFINISHED = (
    "SELECT application_id FROM archived_papers WHERE archived_at IS NULL ORDER BY application_id LIMIT 1"
)


async def unfinished_archive(source: Database) -> UUID | None:
    """An application whose papers are on their way to its archive."""
    found: UUID | None = await source.fetchval(UNFINISHED)
    return found


ARCHIVED_OF = """
SELECT key_id, name, size, content_type, stored_at, sealed_hash, archived_at FROM archived_papers
WHERE application_id = $1 ORDER BY key_id"""


async def archived_of(source: Tx | Database, application_id: UUID) -> list[Archived]:
    """All papers of an application's archive."""
    return [Archived(**row) for row in await source.fetch(ARCHIVED_OF, application_id)]


FINISH = """
UPDATE archived_papers p SET sealed_hash = n.sealed_hash, archived_at = $3
FROM unnest($1::uuid[], $2::text[]) AS n (key_id, sealed_hash)
WHERE p.key_id = n.key_id AND p.archived_at IS NULL RETURNING p.key_id"""


async def finish(tx: Tx, hashes: Mapping[UUID, str | None], now: datetime) -> set[UUID]:
    """Note that sealed papers lie in the archive under these hashes; gives those for whom that is new."""
    rows = await tx.fetch(FINISH, list(hashes), list(hashes.values()), now)
    return {row["key_id"] for row in rows}


SPARE_ARCHIVE = """
UPDATE materials SET archive_of = NULL WHERE archive_of IN (
    SELECT application_id FROM applications WHERE person_id = $1 AND ended_at IS NOT NULL)"""

FORGET_ARCHIVED = """
DELETE FROM archived_papers WHERE application_id IN (
    SELECT application_id FROM applications WHERE person_id = $1 AND ended_at IS NOT NULL)
RETURNING key_id, application_id"""


async def forget_archived(tx: Tx, person_id: UUID) -> list[tuple[UUID, UUID]]:
    """Delete the keys of a person's archived papers; gives the id of each and its application.

    What is on its way to the archive is deleted instead. These are two statements, so that the second sees
    what came to the archive while the first waited.
    """
    await tx.execute(SPARE_ARCHIVE, person_id)
    return [(row["key_id"], row["application_id"]) for row in await tx.fetch(FORGET_ARCHIVED, person_id)]


LOCK_KEYS = """
SELECT key_id, algorithm, master, box FROM archived_papers
WHERE master <> $1 ORDER BY key_id LIMIT $2 FOR UPDATE"""


async def lock_keys_under_others(tx: Tx, master: str, most: int) -> list[WrappedKey]:
    """Some keys of archived papers that are not under this master key."""
    return [wrapped_key(row) for row in await tx.fetch(LOCK_KEYS, master, most)]


SAVE_KEYS = """
UPDATE archived_papers p SET master = n.master, box = n.box
FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS n (key_id, master, box) WHERE p.key_id = n.key_id"""


async def save_keys(tx: Tx, keys: Sequence[WrappedKey]) -> None:
    """Write keys as they are wrapped now."""
    await tx.execute(SAVE_KEYS, [k.key_id for k in keys], [k.master for k in keys], [k.box for k in keys])
