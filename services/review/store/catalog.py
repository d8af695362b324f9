"""The local copy of policies and calendars, and due dates that a late calendar corrects."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from services.review.domain import Case
from services.review.store.cases import case_of
from shared.contracts.calendars import CalendarDocument
from shared.contracts.cases import DueDateCorrected
from shared.contracts.policies import RegionPolicy
from shared.postgres import Database, Tx


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


READ_DOCUMENTS = "SELECT kind, document FROM catalog_documents ORDER BY kind, key, version"


async def read_documents(source: Tx | Database) -> tuple[list[RegionPolicy], list[CalendarDocument]]:
    """Read all kept policies and calendars."""
    policies, calendars = [], []
    for row in await source.fetch(READ_DOCUMENTS):
        if row["kind"] == "policy":
            policies.append(RegionPolicy.model_validate(row["document"], extra="ignore"))
        else:
            calendars.append(CalendarDocument.model_validate(row["document"], extra="ignore"))
    return policies, calendars


LOCK_PROVISIONAL = """
SELECT state FROM cases
WHERE due_provisional AND status IN ('waiting', 'asked') AND application_id > $1
ORDER BY application_id LIMIT $2 FOR UPDATE"""


async def lock_provisional(tx: Tx, after: UUID, limit: int) -> list[Case]:
    """Lock open cases with a provisional due date, in order of their ids."""
    return [case_of(row) for row in await tx.fetch(LOCK_PROVISIONAL, after, limit)]


ADD_CORRECTIONS = """
INSERT INTO due_corrections (application_id, due_before, due_after, corrected_at)
SELECT * FROM unnest($1::uuid[], $2::date[], $3::date[], $4::timestamptz[])"""


async def add_corrections(tx: Tx, events: Sequence[DueDateCorrected]) -> None:
    """Keep what due dates were before a late calendar corrected them."""
    rows = [(e.application_id, e.due_before, e.due_on, e.occurred_at) for e in events]
    await tx.execute(ADD_CORRECTIONS, *map(list, zip(*rows, strict=True)))
