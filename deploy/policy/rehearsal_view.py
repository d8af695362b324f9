"""What a rehearsal found, in sentences and tables, or for programs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

from deploy.policy.differences import Kind, examples
from deploy.policy.rehearsal import Rehearsed
from deploy.policy.replaying import CERTAIN, EARLIER, LATER, UNCHANGED

TAIL = 6
"""So many last characters of an acceptance number are shown."""


def as_facts(keys: Sequence[str], done: Rehearsed) -> dict[str, Any]:
    """Everything that was found, for programs."""
    return {
        "drafts": list(keys),
        "read": dict(done.read),
        "beyond": dict(done.beyond),
        "compared": done.compared,
        "versions": [
            {"region": r, "version": v, "applications": n} for (r, v), n in sorted(done.versions.items())
        ],
        "due": {name: done.due[name] for name in (LATER, EARLIER, CERTAIN, UNCHANGED)},
        "late": {"before": done.late[0], "after": done.late[1]},
        "changes": [
            {"kind": kind, "change": change, "count": count}
            for (kind, change), count in sorted(done.changes().items())
        ],
        "differences": [one.facts() for one in done.found],
        "notes": sorted(done.notes),
    }


def show(keys: Sequence[str], done: Rehearsed, most: int) -> None:
    """Print counts first, then examples of each kind."""
    screen = Console(highlight=False, markup=False, emoji=False)
    screen.print(
        f"Rehearsed {', '.join(keys)} over {done.read.total():,} applications: {_listed(done.read)}."
    )
    if done.beyond:
        screen.print(f"Not reached, so not compared: {_listed(done.beyond)}.")
    if not done.compared:
        screen.print("No application is of a region that the draft reaches.")
        return
    under = ", ".join(f"{region} version {v} ({n:,})" for (region, v), n in sorted(done.versions.items()))
    screen.print(
        f"Compared with the rules that each was submitted under: {under}, as if the draft had held then."
    )
    screen.print(_due(done))
    _show_changes(done, screen)
    for kind in Kind:
        _show_examples(kind, done, most, screen)
    for note in sorted(done.notes):
        screen.print(note, style="dim")
    screen.print("Nothing was written, and nobody's data was opened.", style="dim")


def _due(done: Rehearsed) -> str:
    due = done.due
    certain = f"the same day and certain now {due[CERTAIN]:,}, " if due[CERTAIN] else ""
    late = f"Past their due date: {done.late[0]:,} as it was, {done.late[1]:,} by the draft."
    moved = (
        f"Due date later: {due[LATER]:,}, earlier: {due[EARLIER]:,}, {certain}unchanged: {due[UNCHANGED]:,}."
    )
    return f"{moved}\n{late}"


def _show_changes(done: Rehearsed, screen: Console) -> None:
    changes = done.changes()
    if not changes:
        screen.print("The draft would have changed nothing for them.")
        return
    table = Table("what", "change", "applications", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    table.columns[2].justify = "right"
    for (kind, change), count in sorted(
        changes.items(), key=lambda one: (list(Kind).index(Kind(one[0][0])), -one[1])
    ):
        table.add_row(kind, change, f"{count:,}")
    screen.print()
    screen.print(table)


def _show_examples(kind: Kind, done: Rehearsed, most: int, screen: Console) -> None:
    found = examples(done.found, kind)
    if not found or not most:
        return
    title = f"\nExamples: {kind.value}"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for name in ("number", "region", "from", "to", "because"):
        table.add_column(name, overflow="fold", no_wrap=name == "number")
    for one in found[:most]:
        told = one.difference
        number = f"…{one.submitted.acceptance_no[-TAIL:]}"
        table.add_row(number, one.submitted.region, told.before, told.after, told.reason)
    screen.print(table)
    if len(found) > most:
        typer.echo(f"and {len(found) - most:,} more; --json has them all")


def _listed(counted: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} of {region}" for region, count in sorted(counted.items()))
