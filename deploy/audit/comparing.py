"""The tables of two schemas compared row by row: each table in the order of its key, as canonical JSON."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import asyncpg

from shared.replaying import Compared, Tables

PREFETCH = 500
SHOWN = 80
"""Characters of a value that a difference shows."""

COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = current_schema() AND table_name = $1 ORDER BY ordinal_position"""


@dataclass(slots=True)
class Side:
    """One side of a comparison: how many rows each table has, and the SHA-256 over all of them."""

    rows: dict[str, int] = field(default_factory=dict)
    digest: Any = field(default_factory=hashlib.sha256)

    @property
    def hash(self) -> str:
        return str(self.digest.hexdigest())

    def take(self, table: str, line: str) -> None:
        """Count one row, and add it to the hash."""
        self.rows[table] = self.rows.get(table, 0) + 1
        self.digest.update(f"{table} {line}\n".encode())


@dataclass(slots=True)
class Comparison:
    """What both sides hold, how many rows differ, and the first of these in a sentence."""

    live: Side = field(default_factory=Side)
    rebuilt: Side = field(default_factory=Side)
    different: int = 0
    first: str | None = None

    def note(self, sentence: str) -> None:
        """One more row differs."""
        self.different += 1
        self.first = self.first or sentence


def statement(table: str, how: Compared, columns: list[str], left_out: str | None = None) -> str:
    """Select the rows of a table as they are compared: key, and line of canonical JSON; by key.

    `left_out` is a table of keys of events whose rows are passed over.
    """
    said = {name: how.instead[name][0] if name in how.instead else f't."{name}"' for name in columns}
    kept = ", ".join(f'{said[name]} AS "{name}"' for name in columns if name not in how.left_out)
    key = ", ".join(f't."{name}"::text' for name in how.key)
    order = ", ".join(f't."{name}"::text COLLATE "C"' for name in how.key)
    conditions = [how.only[0]] if how.only else []
    if left_out:
        conditions.append(f"NOT EXISTS (SELECT FROM {left_out} l WHERE l.key = t.{how.subject}::text)")
    where = f" WHERE {' AND '.join(conditions)}" if conditions else ""
    return (
        f"SELECT ARRAY[{key}] AS key, (SELECT to_jsonb(one) FROM (SELECT {kept}) AS one)::text AS line "  # noqa: S608
        f"FROM {table} t{where} ORDER BY {order}"
    )


async def compare(
    live: asyncpg.Connection, rebuilt: asyncpg.Connection, tables: Tables, left_out: str
) -> Comparison:
    """Compare what two connections see of these tables, each in its own schema; memory stays constant."""
    found = Comparison()
    for table, how in sorted(tables.items()):
        if isinstance(how, str):
            continue
        columns = [row["column_name"] for row in await live.fetch(COLUMNS, table)]
        sql = statement(table, how, columns, left_out)
        async with live.transaction(readonly=True), rebuilt.transaction(readonly=True):
            await _compare(found, (table, how), _rows(live, sql), _rows(rebuilt, sql))
    return found


async def _compare(
    found: Comparison,
    of: tuple[str, Compared],
    live: AsyncIterator[tuple[list[str], str]],
    rebuilt: AsyncIterator[tuple[list[str], str]],
) -> None:
    table, how = of
    found.live.rows[table] = found.rebuilt.rows[table] = 0
    ours, theirs = await anext(live, None), await anext(rebuilt, None)
    while ours or theirs:
        first = min(row[0] for row in (ours, theirs) if row)
        here = ours[1] if ours and ours[0] == first else None
        there = theirs[1] if theirs and theirs[0] == first else None
        if here is not None:
            found.live.take(table, here)
            ours = await anext(live, None)
        if there is not None:
            found.rebuilt.take(table, there)
            theirs = await anext(rebuilt, None)
        if here != there:
            place = " ".join(f"{name} {value}" for name, value in zip(how.key, first, strict=True))
            found.note(f"{table}, {place}: {_difference(here, there)}")


def _difference(here: str | None, there: str | None) -> str:
    if here is None:
        return "the topics tell of this row, and it is not in the live table"
    if there is None:
        return "the live row is there, and the topics do not tell of it"
    live, rebuilt = json.loads(here), json.loads(there)
    name = next(name for name in live if live[name] != rebuilt.get(name))
    return f"{name} is {_shown(live, name)} in the live row, the topics make it {_shown(rebuilt, name)}"


def _shown(row: Mapping[str, Any], name: str) -> str:
    text = json.dumps(row.get(name), ensure_ascii=False)
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"


async def _rows(connection: asyncpg.Connection, sql: str) -> AsyncIterator[tuple[list[str], str]]:
    async for row in connection.cursor(sql, prefetch=PREFETCH):
        yield row["key"], row["line"]
