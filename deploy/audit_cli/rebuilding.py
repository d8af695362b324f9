"""`mente audit rebuild`: a service's state from the topics alone, compared with the live one."""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress

from deploy.audit.reading import KafkaSilent
from deploy.audit.scratch import Place
from deploy.audit_cli.running import MOST_SHOWN, AsJson, fail, progress_bar, running_stack
from deploy.local.stack import Stack
from shared.errors import Refused

if TYPE_CHECKING:
    from deploy.audit.rebuilding import Outcome

INCOMPLETE = 3
"""The exit code of a rebuild that is equal as far as it could compare."""

READERS = ("intake", "review", "notify")


def rebuild(
    service: Annotated[str, typer.Argument(help=f"One of {', '.join(READERS)}.")],
    keep: Annotated[bool, typer.Option("--keep", help="Leave the scratch database to be looked at.")] = False,
    as_json: AsJson = False,
) -> None:
    """Make a service's state again from the topics alone; exit 1 when the live tables say otherwise.

    Exit 3 when they say the same, but something was passed over that staff gave up or nobody can read.
    """
    from deploy.audit import rebuilding

    if service not in READERS:
        raise typer.BadParameter(f"there are {', '.join(READERS)}", param_hint="SERVICE")
    stack = running_stack()
    part = importlib.import_module(f"services.{service}.app")
    place = rebuild_place(stack, service, part.MIGRATIONS)
    try:
        with progress_bar(as_json) as bar:
            told = _shown(bar)
            outcome = asyncio.run(rebuilding.rebuild(place, part.replay(), told, keep=keep))
    except (KafkaSilent, Refused) as reason:
        fail(str(reason))
    if as_json:
        sys.stdout.write(json.dumps(facts_of(outcome), ensure_ascii=False) + "\n")
    else:
        _report(outcome, keep=keep)
    raise typer.Exit(1 if not outcome.equal else 0 if outcome.whole else INCOMPLETE)


def _shown(bar: Progress) -> Callable[[int, int], None]:
    """Shows how many records are read, and how many a second."""
    task, began = bar.add_task("records", total=None), time.monotonic()

    def told(read: int, total: int) -> None:
        rate = read / max(time.monotonic() - began, 0.001)
        bar.update(task, completed=read, total=total, description=f"records, {rate:,.0f} a second")

    return told


def rebuild_place(stack: Stack, service: str, migrations: Sequence[Path]) -> Place:
    """Where a service of the embedded stack is rebuilt."""
    scratch = stack.dsn(f"mente_{service}_owner", f"mente_{service}_rebuilt")
    return Place(service, stack.database(service), stack.postgres_admin, scratch, stack.kafka, migrations)


def facts_of(outcome: Outcome) -> dict[str, Any]:
    """What `--json` prints."""
    found = outcome.comparison
    return {
        "equal": outcome.equal,
        "live": found.live.hash,
        "rebuilt": found.rebuilt.hash,
        "rows": {table: [found.live.rows[table], found.rebuilt.rows[table]] for table in found.live.rows},
        "different": found.different,
        "first": found.first,
        "faults": outcome.faults,
        "left_out": outcome.left_out,
        "given_up": outcome.given_up,
        "unreadable": outcome.unreadable,
        "records": outcome.records,
        "seconds": round(outcome.seconds, 2),
    }


def _report(outcome: Outcome, *, keep: bool) -> None:
    screen, found = Console(highlight=False, soft_wrap=True), outcome.comparison
    for table, live in found.live.rows.items():
        rebuilt = found.rebuilt.rows[table]
        told = f"{live:,} rows" if live == rebuilt else f"{live:,} rows live, {rebuilt:,} from the topics"
        screen.print(f"{table}: {told}")
    screen.print(f"live     {found.live.hash}")
    screen.print(f"rebuilt  {found.rebuilt.hash}")
    for fault in outcome.faults[:MOST_SHOWN]:
        screen.print(f"[red]{escape(fault)}[/red]")
    if found.first:
        screen.print(f"[red]{found.different} rows differ, the first: {escape(found.first)}[/red]")
    if outcome.left_out:
        screen.print(
            f"{outcome.left_out} keys were left out: {outcome.given_up} of which staff gave a record up "
            "or have one set aside, the others moved on meanwhile"
        )
    if outcome.unreadable:
        screen.print(f"{outcome.unreadable} records that nobody can read were passed over")
    if keep:
        screen.print("the scratch database is kept: `public` is from the topics, `live` is the copy")
    rate = outcome.records / max(outcome.seconds, 0.001)
    equal = "[green]equal[/green]" if outcome.whole else "[yellow]equal but for what was passed over[/yellow]"
    verdict = equal if outcome.equal else "[red]not equal[/red]"
    screen.print(f"{outcome.records:,} records in {outcome.seconds:.1f} s, {rate:,.0f} a second: {verdict}")
