"""The local copy of policies and calendars, and the due dates that they move."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple
from uuid import UUID

from services.review.domain import Case
from services.review.store.cases import case_of
from shared.contracts.calendars import CalendarDocument
from shared.contracts.cases import DueDateCorrected
from shared.contracts.policies import RegionPolicy
from shared.contracts.standards import Standard
from shared.postgres import Database, Tx

UNUSED = (
    *("standards", "institutions", "national_codes", "guide", "benefit"),
    *("offices", "comparison", "checklist", "figures", "material_forms", "sources"),
)
"""The bulk of a policy, of which review applies nothing."""

EMPTY: dict[str, list[str]] = {"guide": [], "benefit": []}
"""What a policy must have in its place."""


class Key(NamedTuple):
    """Which document: kind, region or year, version."""

    kind: str
    key: str
    version: int


@dataclass(frozen=True, slots=True)
class Document:
    """A published document under its key (region or year) and version."""

    kind: Literal["policy", "calendar"]
    key: str
    version: int
    content: RegionPolicy | CalendarDocument


KEEP_DOCUMENTS = """
INSERT INTO catalog_documents (kind, key, version, document, kept_at)
SELECT kind, key, version, document::jsonb, $5
FROM unnest($1::text[], $2::text[], $3::int[], $4::text[]) AS new (kind, key, version, document)
ON CONFLICT DO NOTHING"""


async def keep_documents(tx: Tx, documents: Sequence[Document], now: datetime) -> None:
    """Add versions that are not kept yet; a version never changes."""
    await tx.execute(
        KEEP_DOCUMENTS,
        [d.kind for d in documents],
        [d.key for d in documents],
        [d.version for d in documents],
        [d.content.model_dump_json(exclude_none=True) for d in documents],
        now,
    )


COUNT_DOCUMENTS = "SELECT count(*) FROM catalog_documents"


async def count_documents(source: Tx | Database) -> int:
    """Count the kept documents: another number means that there are new ones."""
    return int(await source.fetchval(COUNT_DOCUMENTS))


READ_KEYS = "SELECT kind, key, version FROM catalog_documents ORDER BY kind, key, version"


async def read_keys(source: Tx | Database) -> list[Key]:
    """List which documents are kept."""
    return [Key(row["kind"], row["key"], row["version"]) for row in await source.fetch(READ_KEYS)]


class Arrival(NamedTuple):
    """The newest calendar of a year, and when it was kept here."""

    year: int
    version: int
    kept_at: datetime


READ_ARRIVALS = """
SELECT * FROM (
    SELECT DISTINCT ON (key) key, version, kept_at FROM catalog_documents
    WHERE kind = 'calendar' ORDER BY key, version DESC
) AS newest ORDER BY kept_at DESC, key DESC"""


async def read_arrivals(database: Database) -> list[Arrival]:
    """List the newest calendars of all years, the last to come first: what moved a day is named after it."""
    rows = await database.fetch(READ_ARRIVALS)
    return [Arrival(int(row["key"]), row["version"], row["kept_at"]) for row in rows]


READ_DOCUMENT = """
SELECT CASE kind WHEN 'policy' THEN (document - $4::text[]) || $5::jsonb ELSE document END
FROM catalog_documents WHERE kind = $1 AND key = $2 AND version = $3"""


async def read_policy(source: Tx | Database, key: Key) -> RegionPolicy:
    """Read a policy without what review does not apply: most of a document stays in the database."""
    document = await source.fetchval(READ_DOCUMENT, *key, UNUSED, EMPTY)
    return RegionPolicy.model_validate(document, extra="ignore")


async def read_calendar(source: Tx | Database, key: Key) -> CalendarDocument:
    """Read a calendar."""
    document = await source.fetchval(READ_DOCUMENT, *key, UNUSED, EMPTY)
    return CalendarDocument.model_validate(document, extra="ignore")


READ_STANDARD = """
SELECT standard FROM catalog_documents, jsonb_array_elements(document -> 'standards') AS standard
WHERE kind = $1 AND key = $2 AND version = $3 AND standard ->> 'code' = (
    SELECT disease ->> 'standard' FROM jsonb_array_elements(document -> 'diseases') AS disease
    WHERE disease ->> 'code' = $4
)"""


async def read_standard(database: Database, key: Key, disease_code: str) -> Standard | None:
    """Read the recognition standard of a disease from a policy; None if it holds none."""
    standard = await database.fetchval(READ_STANDARD, *key, disease_code)
    return None if standard is None else Standard.model_validate(standard, extra="ignore")


FIND_RUNNING = """
SELECT application_id FROM cases
WHERE due_on >= $1 AND status IN ('waiting', 'asked') AND ($2::text IS NULL OR region = $2)
ORDER BY application_id"""


async def find_running(tx: Tx, since: date, region: str | None) -> list[UUID]:
    """List the open cases whose clock runs until a day or longer, of one region or of all."""
    return [row["application_id"] for row in await tx.fetch(FIND_RUNNING, since, region)]


FIND_STATED = """
SELECT application_id FROM cases
WHERE due_on >= $1 AND status IN ('waiting', 'asked') AND opened_at <= $3 AND changed_at >= $2 AND EXISTS (
    SELECT FROM jsonb_array_elements(events) AS event
    WHERE (event -> 'body' ->> 'occurred_at')::timestamptz BETWEEN $2 AND $3
)
ORDER BY application_id"""


async def find_stated(tx: Tx, since: date, first: datetime, last: datetime) -> list[UUID]:
    """List the open cases of which something was stated between two moments, running as in `find_running`."""
    return [row["application_id"] for row in await tx.fetch(FIND_STATED, since, first, last)]


LOCK_RUNNING = """
SELECT state FROM cases
WHERE application_id = ANY($1::uuid[]) AND due_on IS NOT NULL AND status IN ('waiting', 'asked')
ORDER BY application_id FOR UPDATE"""


async def lock_running(tx: Tx, ids: Sequence[UUID]) -> list[Case]:
    """Lock those of the cases whose clock runs still."""
    return [case_of(row) for row in await tx.fetch(LOCK_RUNNING, ids)]


COUNT_PROVISIONAL = """
SELECT count(*) FROM cases WHERE due_provisional AND status IN ('waiting', 'asked') AND due_on >= $1"""


async def count_provisional(database: Database, since: date) -> int:
    """Count the open cases whose due date is provisional and not before a day."""
    return int(await database.fetchval(COUNT_PROVISIONAL, since))


ADD_CORRECTIONS = """
INSERT INTO due_corrections (application_id, due_before, due_after, due_provisional, calendar_year,
                             calendar_version, policy_version, corrected_at)
SELECT * FROM unnest($1::uuid[], $2::date[], $3::date[], $4::boolean[], $5::bigint[], $6::bigint[],
                     $7::bigint[], $8::timestamptz[])"""


async def add_corrections(tx: Tx, events: Sequence[DueDateCorrected]) -> None:
    """Keep what due dates were before, and what moved them."""
    rows = [
        (
            e.application_id,
            e.due_before,
            e.due_on,
            e.due_provisional,
            e.calendar_year,
            e.calendar_version,
            e.policy_version,
            e.occurred_at,
        )
        for e in events
    ]
    await tx.execute(ADD_CORRECTIONS, *map(list, zip(*rows, strict=True)))
