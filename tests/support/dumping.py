"""A canonical dump of a service's database: two that hold the same look the same, byte for byte."""

import json

import asyncpg

from deploy.audit.comparing import COLUMNS, statement
from shared.postgres import Database
from shared.replaying import Compared

TABLES = """
SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY 1"""

BOOKKEEPING = frozenset({"inbox", "looks", "parked", "relay_checkpoint", "schema_migrations"})
"""What says how events came and who looked, and not what came of the events."""

DRAWN = {"outbox": ("id", "event_id", "created_at", "previous_hash"), "chains": ("hash",)}
"""Columns filled by chance or by the clock of the database, and hashes of what was."""


async def dump(dsn: str) -> bytes:
    """Every row of every table as a line of JSON, in the order of the lines."""
    connection = await asyncpg.connect(dsn)
    try:
        names = [row["name"] for row in await connection.fetch(TABLES)]
        lines = []
        for name in names:
            if name not in BOOKKEEPING:
                columns = [row["column_name"] for row in await connection.fetch(COLUMNS, name)]
                how = Compared((columns[0],), "", left_out=dict.fromkeys(DRAWN.get(name, ()), "drawn"))
                found = await connection.fetch(statement(name, how, columns))
                lines += [f"{name} {row['line']}" for row in found]
    finally:
        await connection.close()
    return "\n".join(sorted(lines)).encode()


async def everything(database: Database) -> str:
    """Every value of every table as text; bytes both as text, where they are, and in hex."""
    names = [row["name"] for row in await database.fetch(TABLES)]
    rows = [row for name in names for row in await database.fetch(f"SELECT * FROM {name}")]
    return "\n".join(_text(value) for row in rows for value in row.values())


def _text(value: object) -> str:
    if isinstance(value, bytes):
        return f"{value.decode(errors='replace')} {value.hex()}"
    return json.dumps(value, ensure_ascii=False, default=str)
