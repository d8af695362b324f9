"""SQL of evidence packs with opened private parts: who asked, who agreed, and which keys open them."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from asyncpg import UniqueViolationError

from services.intake.domain.exporting import Export, Filed
from shared.errors import Refused
from shared.key_service import WrappedKey
from shared.person_keys import wrapped_key
from shared.postgres import Database, Tx

FILED = "SELECT person_id, papers FROM applications WHERE application_id = $1"


async def filed(source: Tx | Database, application_id: UUID) -> Filed | None:
    """Whose application it is and what was handed in; None for one that is not known."""
    row = await source.fetchrow(FILED, application_id)
    if row is None:
        return None
    return Filed(row["person_id"], tuple(bytes.fromhex(name) for name in row["papers"].split(",") if name))


ADD_EXPORT = """
INSERT INTO exports (export_id, application_id, reason, asked_by, asked_at) VALUES ($1, $2, $3, $4, $5)"""


async def add_export(tx: Tx, export: Export) -> None:
    """Write down that somebody asked."""
    who = (export.reason, export.asked_by, export.asked_at)
    await tx.execute(ADD_EXPORT, export.export_id, export.application_id, *who)


FIND_EXPORT = """
SELECT export_id, application_id, reason, asked_by, asked_at FROM exports WHERE export_id = $1"""


async def find_export(tx: Tx, export_id: UUID) -> Export | None:
    """What was asked; None if it was not."""
    row = await tx.fetchrow(FIND_EXPORT, export_id)
    return Export(**row) if row else None


ADD_APPROVAL = """
INSERT INTO export_approvals (export_id, approved_by, approved_at) VALUES ($1, $2, $3)"""


async def add_approval(tx: Tx, export: Export, by: str, now: datetime) -> None:
    """Write down that another agreed; Refused `export-done` if one did before."""
    try:
        await tx.execute(ADD_APPROVAL, export.export_id, by, now)
    except UniqueViolationError:
        raise Refused("export-done", "the keys for this export were given out before: ask anew") from None


PAPER_KEYS = """
SELECT name, key_id, algorithm, master, box, false AS is_archived FROM materials
WHERE name = ANY($1::bytea[]) OR archive_of = $2
UNION ALL
SELECT name, key_id, algorithm, master, box, true FROM archived_papers WHERE application_id = $2
ORDER BY is_archived"""


async def paper_keys(
    source: Tx | Database, application_id: UUID, names: Sequence[bytes]
) -> dict[str, WrappedKey]:
    """The wrapped keys of an application's papers by their names in hex; one that was erased is missing.

    Of one that is in its archive and was handed in again, by whomever, it is the key of the archive.
    """
    rows = await source.fetch(PAPER_KEYS, list(names), application_id)
    return {row["name"].hex(): wrapped_key(row) for row in rows}
