"""SQL of uploaded papers."""

from collections.abc import Collection
from datetime import datetime

from services.intake.domain.validating import StoredMaterial
from shared.postgres import Database, Tx

FIND_MATERIALS = """
SELECT encode(content_hash, 'hex') AS content_hash, size, content_type
FROM materials WHERE content_hash = ANY($1::bytea[])"""


async def find_materials(source: Tx | Database, hashes: Collection[str]) -> dict[str, StoredMaterial]:
    """What was uploaded, by content hash (hex)."""
    if not hashes:
        return {}
    found = await source.fetch(FIND_MATERIALS, [bytes.fromhex(content_hash) for content_hash in hashes])
    return {row["content_hash"]: StoredMaterial(row["size"], row["content_type"]) for row in found}


ADD_MATERIAL = """
INSERT INTO materials (content_hash, size, content_type, channel, stored_at)
VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING"""


async def add_material(
    database: Database, content_hash: bytes, material: StoredMaterial, channel: str, now: datetime
) -> None:
    """Note that a paper is in the object store; a second time changes nothing."""
    await database.execute(ADD_MATERIAL, content_hash, material.size, material.content_type, channel, now)
