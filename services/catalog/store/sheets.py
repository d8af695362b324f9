"""SQL of policy files: published versions, drafts, and the steps of drafts."""

from datetime import date, datetime
from uuid import UUID

from services.catalog.domain.composing import Edition
from services.catalog.domain.drafting import Draft, PublishedSheet, Step, Taken
from services.catalog.domain.places import File
from services.catalog.domain.publishing import Hands
from shared.postgres import Database, Row, Tx

ADD_SHEET = """
INSERT INTO sheet
    (key, version, effective_from, under, content_hash, text, written_by, published_by, published_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)"""


async def add_sheet(tx: Tx, edition: Edition, content_hash: str, hands: Hands, now: datetime) -> None:
    """Keep a published version of a policy file."""
    sheet = edition.sheet
    await tx.execute(
        ADD_SHEET,
        sheet.key,
        edition.version,
        sheet.effective_from,
        sheet.under,
        content_hash,
        sheet.file.text,
        hands.written_by,
        hands.published_by,
        now,
    )


READ_SHEETS = """
SELECT key, version, effective_from, content_hash, written_by, published_by, published_at
FROM sheet ORDER BY key, version"""


async def read_sheets(source: Tx | Database) -> list[PublishedSheet]:
    """List the published versions of all files, without their texts."""
    return [PublishedSheet(*row.values()) for row in await source.fetch(READ_SHEETS)]


READ_EDITIONS = """
SELECT key, version, text FROM sheet
WHERE ($2::text IS NULL AND key NOT LIKE 'region:%' AND key NOT LIKE 'calendar:%' OR key = $2)
  AND version >= ALL (
    SELECT version FROM sheet AS earlier WHERE earlier.key = sheet.key AND earlier.effective_from <= $1
)
ORDER BY key, version"""


async def read_editions(
    source: Tx | Database, since: date, region: str | None = None
) -> list[tuple[str, int, str]]:
    """Read key, version and text of what can hold from a day on: a region's own files, or those below."""
    rows = await source.fetch(READ_EDITIONS, since, region)
    return [(row["key"], row["version"], row["text"]) for row in rows]


REACHED = """
SELECT DISTINCT key FROM sheet
WHERE key LIKE 'region:%' AND ('national' = ANY ($1::text[]) OR key = ANY ($1) OR under = ANY ($1))
ORDER BY key"""


async def reached(source: Tx | Database, keys: list[str]) -> list[str]:
    """Name the regions that files of these keys reach, as `region:…`."""
    return [row["key"] for row in await source.fetch(REACHED, keys)]


READ_SHEET = "SELECT text FROM sheet WHERE key = $1 AND version = $2"


async def read_text(source: Tx | Database, key: str, version: int) -> str | None:
    """Read one published version of a file as it was written; None if there is none."""
    text: str | None = await source.fetchval(READ_SHEET, key, version)
    return text


ADD_DRAFT = """
INSERT INTO draft
    (draft_id, key, based_on, effective_from, content_hash, note, written_by, written_at, name, text)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""


async def add_draft(tx: Tx, draft: Draft, file: File) -> None:
    """Keep a draft as it was written."""
    await tx.execute(
        ADD_DRAFT,
        draft.draft_id,
        draft.key,
        draft.based_on,
        draft.effective_from,
        draft.content_hash,
        draft.note,
        draft.written_by,
        draft.written_at,
        file.name,
        file.text,
    )


READ_DRAFTS = """
SELECT draft_id, key, based_on, effective_from, content_hash, note, written_by, written_at
FROM draft WHERE $1::uuid IS NULL OR draft_id = $1 ORDER BY written_at DESC, draft_id LIMIT $2"""

READ_STEPS = """
SELECT draft_id, step, taken_by, taken_at FROM draft_step
WHERE draft_id = ANY ($1::uuid[]) ORDER BY taken_at, step"""


async def read_drafts(source: Tx | Database, draft_id: UUID | None = None, most: int = 100) -> list[Draft]:
    """Read the newest drafts with their steps, or one of them."""
    rows = await source.fetch(READ_DRAFTS, draft_id, most)
    taken: dict[UUID, list[Taken]] = {row["draft_id"]: [] for row in rows}
    for step in await source.fetch(READ_STEPS, list(taken)):
        taken[step["draft_id"]].append(Taken(Step(step["step"]), step["taken_by"], step["taken_at"]))
    return [_draft(row, taken[row["draft_id"]]) for row in rows]


READ_DRAFT_FILE = "SELECT name, text FROM draft WHERE draft_id = $1"


async def read_draft_file(source: Tx | Database, draft_id: UUID) -> File:
    """Read the text of a draft that is there."""
    (row,) = await source.fetch(READ_DRAFT_FILE, draft_id)
    return File(row["name"], row["text"])


TAKE_STEP = """
INSERT INTO draft_step (draft_id, step, taken_by, taken_at) VALUES ($1, $2, $3, $4) ON CONFLICT DO NOTHING"""


async def take_step(tx: Tx, draft_id: UUID, taken: Taken) -> None:
    """Keep that somebody took a step; a step that was taken before stays as it was."""
    await tx.execute(TAKE_STEP, draft_id, taken.step, taken.by, taken.at)


def _draft(row: Row, steps: list[Taken]) -> Draft:
    values = dict(row)
    return Draft(**values, steps=tuple(steps))
