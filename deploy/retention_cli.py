"""The commands `mente retention …`: what has been kept long enough, and its going, by word of two people."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any
from uuid import UUID

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from deploy.staff_calls import Agreeing, AskedId, Asking, StaffCalls, Why, stop, tell_second

MOST_SHOWN = 20
PAUSE = 2.0
"""Seconds between two looks at papers that rest before they go."""

DONE = (
    ("erased_applications", "applications whose papers go"),
    ("archived_applications", "applications whose papers go to the archive"),
    ("erased_persons", "persons erased, because all of theirs was due"),
    ("unused_uploads", "uploads that belonged to no application"),
    ("erased_papers", "papers erased"),
    ("archived_papers", "papers archived"),
    ("papers_in_use", "papers stay, because another application holds them"),
)

app = typer.Typer(help="What has been kept long enough: look, and let it go.", no_args_is_help=True)


@app.command("list")
def list_due(
    on: Annotated[str, typer.Option(help="What will be due on that day, as 2037-01-01; else today.")] = "",
    by: Annotated[str, typer.Option(help="Who looks: an operator, a supervisor or an auditor.")] = "operator",
    as_json: Annotated[
        bool, typer.Option("--json", help="For programs: one JSON object with every application.")
    ] = False,
) -> None:
    """Show what is due by the policies, oldest first; nothing changes."""
    day = _day(on)
    with StaffCalls() as calls:
        if as_json:
            found = calls.get(by, "/retention", on=day, most=0)
            listed = list(_pages(calls, by, day))
            typer.echo(json.dumps({**found["due"], "applications": listed}, ensure_ascii=False))
            return
        found = calls.get(by, "/retention", on=day, most=MOST_SHOWN)
    _show(found["due"], found["applications"])


@app.command()
def ask(reason: Why, by: Asking = "operator") -> None:
    """Ask that what is due goes; nothing goes before somebody else agrees with `mente retention approve`."""
    with StaffCalls() as calls:
        asked = calls.post(by, "/retention-runs", reason=reason)
    _show(asked["due"], [])
    tell_second(asked["asked_by"], f"the run {asked['run_id']}", f"mente retention approve {asked['run_id']}")


@app.command()
def approve(run_id: AskedId, by: Agreeing) -> None:
    """Agree to a run that somebody else asked for; `mente retention run` then does it."""
    with StaffCalls() as calls:
        done = calls.post(by, f"/retention-runs/{run_id}/approval")
    typer.echo(f"{done['approved_by']} agreed. It is done by\n  mente retention run {run_id}")


@app.command()
def run(
    run_id: AskedId,
    by: Annotated[
        str, typer.Option(metavar="WHO", help="Who does it: an operator, a supervisor or an auditor.")
    ] = "operator",
) -> None:
    """Do what two people wanted: papers are erased or archived, and persons of whom all is due are erased.

    Whatever ends it in between: run it again, and it goes on with what is left.
    """
    with StaffCalls() as calls:
        total = _batches(calls, by, run_id)
    for name, told in DONE:
        if total[name]:
            typer.echo(f"{total[name]:,} {told}")
    typer.echo("Nothing is left of what was due.")


def _batches(calls: StaffCalls, who: str, run_id: UUID) -> Counter[str]:
    total: Counter[str] = Counter()
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        work = bar.add_task("applications and papers", total=None)
        finished = False
        while not finished:
            batch = calls.post(who, f"/retention-runs/{run_id}/batches")
            total += Counter(batch["done"])
            finished = batch["finished"]
            bar.update(work, completed=total.total(), total=total.total() + batch["left"])
            if not finished and not batch["done"]:
                time.sleep(PAUSE)
    return total


def _size(due: dict[str, Any]) -> int:
    applications = sum(int(held["applications"]) for held in due["held"])
    return applications + int(due["unused_uploads"]) + int(due["papers_leaving"])


def _pages(calls: StaffCalls, by: str, day: str | None) -> Iterator[dict[str, Any]]:
    after: str | None = None
    while page := calls.get(by, "/retention", on=day, after=after)["applications"]:
        yield from page
        after = page[-1]["application_id"]


def _show(due: dict[str, Any], applications: list[dict[str, Any]]) -> None:
    screen = Console()
    if not _size(due):
        screen.print(f"Nothing is due on {due['on']}.")
        return
    table = Table("region", "kind", "applications", "due since", "what the policy does", box=None)
    for held in due["held"]:
        rule = f"{held['disposal']} (version {held['policy_version']})"
        table.add_row(held["region"], held["kind"], f"{held['applications']:,}", held["due_since"], rule)
    if due["held"]:
        screen.print(f"Due on {due['on']}:", table)
    for name, told in (
        ("unused_uploads", "uploads that belong to no application"),
        ("papers_leaving", "papers on their way out since an earlier run"),
    ):
        if due[name]:
            screen.print(f"{due[name]:,} {told}")
    for one in applications:
        place = f"{one['region']} {one['kind']}"
        typer.echo(f"{one['due_on']}  {one['acceptance_no']}  {place}, ended {one['ended_at'][:10]}")
    more = sum(held["applications"] for held in due["held"]) - len(applications)
    if applications and more:
        typer.echo(f"and {more:,} more; --json shows them all")


def _day(text: str) -> str | None:
    try:
        return date.fromisoformat(text).isoformat() if text else None
    except ValueError:
        stop(f"{text} is no day: write it as 2037-01-01.")
