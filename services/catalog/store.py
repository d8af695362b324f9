"""Every SQL statement of catalog."""

from datetime import datetime
from typing import Any

from services.catalog.domain.publishing import Document, Head
from shared.postgres import Database, Tx

LOCK_HEAD = """
INSERT INTO document_head (topic, key, version, content_hash) VALUES ($1, $2, 0, '')
ON CONFLICT (topic, key) DO UPDATE SET key = excluded.key
RETURNING version, content_hash"""


async def lock_head(tx: Tx, topic: str, key: str) -> Head:
    """Lock the newest version of a document for this transaction; version 0 if there is none yet."""
    (row,) = await tx.fetch(LOCK_HEAD, topic, key)
    return Head(row["version"], row["content_hash"])


SAVE_HEAD = """
UPDATE document_head SET version = $3, content_hash = $4 WHERE topic = $1 AND key = $2"""


async def save_head(tx: Tx, topic: str, key: str, head: Head) -> None:
    """Store which version of a document is the newest."""
    await tx.execute(SAVE_HEAD, topic, key, head.version, head.content_hash)


ADD_DOCUMENT = """
INSERT INTO document (topic, key, version, content_hash, body, published_at)
SELECT topic, key, version, content_hash, $3, $4 FROM document_head WHERE topic = $1 AND key = $2"""


async def add_document(tx: Tx, topic: str, key: str, document: Document, now: datetime) -> None:
    """Keep the version that has just become the newest."""
    await tx.execute(ADD_DOCUMENT, topic, key, document.model_dump(mode="json", exclude_none=True), now)


READ_HEADS = "SELECT key, version FROM document_head WHERE topic = $1 AND version > 0 ORDER BY key"


async def read_heads(database: Database, topic: str) -> dict[str, int]:
    """Tell the newest version of every document of a topic, by key."""
    return {row["key"]: row["version"] for row in await database.fetch(READ_HEADS, topic)}


READ_DOCUMENT = "SELECT body FROM document WHERE topic = $1 AND key = $2 AND version = $3"


async def read_document(database: Database, topic: str, key: str, version: int) -> Any:
    """Read one version of a document as JSON; None if there is none."""
    return await database.fetchval(READ_DOCUMENT, topic, key, version)
