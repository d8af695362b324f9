"""SQL of published documents: every version of a policy and of a calendar, as it was stated."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import asyncpg

from services.catalog.domain.composing import Made
from services.catalog.domain.publishing import Hands, content_hash
from shared.contracts.calendars import CalendarDocument
from shared.contracts.policies import RegionPolicy
from shared.errors import Unavailable
from shared.postgres import Database, Row, Tx

POLICIES, CALENDARS = "catalog.policies", "catalog.calendars"


@dataclass(frozen=True, slots=True)
class Version:
    """A published version of a document, without the document."""

    key: str
    version: int
    effective_from: date
    written_by: str | None
    published_by: str | None
    published_at: datetime
    layers: list[dict[str, Any]] | None


LOCK = """
INSERT INTO document_head (topic, key, version, content_hash) VALUES ('catalog', 'all', 0, '')
ON CONFLICT (topic, key) DO UPDATE SET key = excluded.key"""


async def lock(tx: Tx) -> None:
    """Let nobody else publish until this transaction ends; Unavailable while another publication lasts."""
    try:
        await tx.execute(LOCK)
    except asyncpg.LockNotAvailableError:
        told = "another publication is under way; try again when it is done"
        raise Unavailable("publication-raced", told, retry_after=30) from None


ADD_DOCUMENT = """
INSERT INTO document
    (topic, key, version, content_hash, body, published_at, effective_from, layers, written_by, published_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""


async def add_policy(tx: Tx, made: Made, hands: Hands, now: datetime) -> None:
    """Keep a version of a region's policy."""
    policy = made.policy
    layers = [layer.model_dump(mode="json") for layer in made.layers]
    await tx.execute(
        ADD_DOCUMENT,
        POLICIES,
        policy.region,
        policy.version,
        content_hash(policy),
        policy.model_dump(mode="json", exclude_none=True),
        now,
        policy.effective_from,
        layers,
        hands.written_by,
        hands.published_by,
    )


async def add_calendar(tx: Tx, calendar: CalendarDocument, hands: Hands, now: datetime) -> None:
    """Keep a version of the calendar of a year."""
    await tx.execute(
        ADD_DOCUMENT,
        CALENDARS,
        str(calendar.year),
        calendar.version,
        content_hash(calendar),
        calendar.model_dump(mode="json", exclude_none=True),
        now,
        calendar.announced_on,
        None,
        hands.written_by,
        hands.published_by,
    )


READ_VERSIONS = """
SELECT key, version, effective_from, written_by, published_by, published_at, layers
FROM document WHERE topic = $1 ORDER BY key, version"""


async def read_versions(source: Tx | Database, topic: str) -> list[Version]:
    """List all versions of the documents of a topic, by key and version."""
    return [Version(*row.values()) for row in await source.fetch(READ_VERSIONS, topic)]


COUNT_DOCUMENTS = "SELECT count(*) FROM document"


async def count_documents(database: Database) -> int:
    """Count the published documents; another number means that something was published."""
    return int(await database.fetchval(COUNT_DOCUMENTS))


READ_DOCUMENT = "SELECT body FROM document WHERE topic = $1 AND key = $2 AND version = $3"


async def read_document(database: Database, topic: str, key: str, version: int) -> Any:
    """Read one version of a document as JSON; None if there is none."""
    return await database.fetchval(READ_DOCUMENT, topic, key, version)


# jsonb_each reads a document once; `body -> name` would read it again for every name.
READ_PARTS = """
SELECT key, (
    SELECT jsonb_object_agg(part.key, part.value) FROM jsonb_each(body) AS part
    WHERE part.key = ANY ($4::text[])
) AS parts
FROM document JOIN unnest($2::text[], $3::int[]) AS wanted (key, version) USING (key, version)
WHERE topic = $1"""


async def read_parts(
    database: Database, topic: str, versions: Sequence[tuple[str, int]], names: Sequence[str]
) -> dict[str, dict[str, Any]]:
    """Read the parts of these names of many documents, each named by key and version; by key."""
    keys, numbers = [key for key, _ in versions], [number for _, number in versions]
    rows = await database.fetch(READ_PARTS, topic, keys, numbers, list(names))
    return {row["key"]: row["parts"] for row in rows}


READ_SINCE = """
SELECT body FROM document
WHERE topic = 'catalog.policies' AND version >= ALL (
    SELECT version FROM document AS earlier
    WHERE earlier.topic = document.topic AND earlier.key = document.key AND earlier.effective_from <= $1
) AND key = $2
ORDER BY version"""


async def read_since(source: Tx | Database, since: date, region: str) -> list[RegionPolicy]:
    """Read the policies of a region that can be in force on a day or later."""
    return [_policy(row) for row in await source.fetch(READ_SINCE, since, region)]


READ_CALENDARS = """
SELECT DISTINCT ON (key) body FROM document WHERE topic = 'catalog.calendars' ORDER BY key, version DESC"""


async def read_calendars(source: Tx | Database) -> list[CalendarDocument]:
    """Read the newest calendar of each year, by year."""
    rows = await source.fetch(READ_CALENDARS)
    return [CalendarDocument.model_validate(row["body"], extra="ignore") for row in rows]


def _policy(row: Row) -> RegionPolicy:
    return RegionPolicy.model_validate(row["body"], extra="ignore")
