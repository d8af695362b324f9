"""SQL of uploaded papers."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.intake.domain.validating import StoredMaterial
from shared.key_service import WrappedKey
from shared.person_keys import wrapped_key
from shared.postgres import Database, Row, Tx

FIND_MATERIALS = """
SELECT name, size, content_type FROM materials WHERE name = ANY($1::bytea[]) AND leaving_at IS NULL"""

HOLD_MATERIALS = """
SELECT name, size, content_type FROM materials WHERE name = ANY($1::bytea[]) AND leaving_at IS NULL
ORDER BY name FOR KEY SHARE"""


async def find_materials(source: Tx | Database, names: Mapping[bytes, str]) -> dict[str, StoredMaterial]:
    """What was uploaded and is not leaving, by content hash (hex), which `names` gives for each name."""
    return _by_hash(await source.fetch(FIND_MATERIALS, list(names)) if names else [], names)


async def hold_materials(tx: Tx, names: Mapping[bytes, str]) -> dict[str, StoredMaterial]:
    """As `find_materials`, and none of it is deleted before the transaction ends."""
    return _by_hash(await tx.fetch(HOLD_MATERIALS, list(names)) if names else [], names)


def _by_hash(found: Sequence[Row], names: Mapping[bytes, str]) -> dict[str, StoredMaterial]:
    return {names[row["name"]]: StoredMaterial(row["size"], row["content_type"]) for row in found}


UPLOAD_AGAIN = """
UPDATE materials SET stored_at = greatest(stored_at, $2), leaving_at = NULL, archive_of = NULL
WHERE name = $1 RETURNING name"""


async def upload_again(database: Database, name: bytes, now: datetime) -> bool:
    """Let a paper that is there stay from now on; False if it is not there."""
    return await database.fetchval(UPLOAD_AGAIN, name, now) is not None


ADD_MATERIAL = """
INSERT INTO materials (name, size, content_type, channel, stored_at, key_id, algorithm, master, box)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) ON CONFLICT DO NOTHING RETURNING name"""


@dataclass(frozen=True, slots=True)
class Upload:
    """A paper that a channel uploaded, and the key it is sealed under in the object store."""

    material: StoredMaterial
    channel: str
    at: datetime
    key: WrappedKey


async def add_material(database: Database, name: bytes, upload: Upload) -> bool:
    """Note that a paper is in the object store; False if it was there before."""
    material, key = upload.material, upload.key
    place = (name, material.size, material.content_type, upload.channel, upload.at)
    wrapped = (key.key_id, key.algorithm.value, key.master, key.box)
    return await database.fetchval(ADD_MATERIAL, *place, *wrapped) is not None


GET_KEY = "SELECT key_id, algorithm, master, box FROM materials WHERE name = $1"


async def get_key(source: Tx | Database, name: bytes) -> WrappedKey | None:
    """The wrapped key of a paper; None for one that is not there (any more)."""
    row = await source.fetchrow(GET_KEY, name)
    return wrapped_key(row) if row else None


LOCK_KEYS = """
SELECT key_id, algorithm, master, box FROM materials
WHERE master <> $1 ORDER BY name LIMIT $2 FOR UPDATE"""


async def lock_keys_under_others(tx: Tx, master: str, most: int) -> list[WrappedKey]:
    """Some keys of papers that are not under this master key."""
    return [wrapped_key(row) for row in await tx.fetch(LOCK_KEYS, master, most)]


SAVE_KEYS = """
UPDATE materials m SET master = n.master, box = n.box
FROM unnest($1::uuid[], $2::text[], $3::bytea[]) AS n (key_id, master, box) WHERE m.key_id = n.key_id"""


async def save_keys(tx: Tx, keys: Sequence[WrappedKey]) -> None:
    """Write keys as they are wrapped now."""
    await tx.execute(SAVE_KEYS, [k.key_id for k in keys], [k.master for k in keys], [k.box for k in keys])
