"""The command `mente policy rehearse`: what a draft would have changed for past applications."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from deploy.local.folder import supervisor_pid
from deploy.local.stack import Stack, default_home
from deploy.policy.reading import read
from deploy.staff_calls import StaffCalls, stop

if TYPE_CHECKING:
    from datetime import date

    from deploy.policy.past import Past, Wanted
    from deploy.policy.rehearsal import Rehearsed
    from deploy.policy.sides import Ground
    from services.catalog.domain.sheets import Sheet

MOST_SHOWN = 20


def rehearse(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="The draft: policy files or a folder.")],
    region: Annotated[str, typer.Option(help="Only applications of this region.")] = "",
    since: Annotated[str, typer.Option(help="Only those submitted from that day on, as 2026-11-01.")] = "",
    most: Annotated[int, typer.Option(min=0, help="So many examples of each kind.")] = MOST_SHOWN,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object with all.")] = False,
) -> None:
    """Run draft files over past applications and say what would have been otherwise; nothing changes.

    Each application is compared with the version it was submitted under. Whatever is sealed stays so.
    """
    import json

    from deploy.policy.rehearsal_view import as_facts, show

    if supervisor_pid(default_home()) == 0:
        stop("Nothing runs here: start it with `make run`.")
    wanted = _wanted(region, since)
    drafts = read(files)
    done = _rehearsed(drafts, wanted)
    keys = [draft.key for draft in drafts]
    if as_json:
        typer.echo(json.dumps(as_facts(keys, done), ensure_ascii=False))
    else:
        show(keys, done, most)


def _rehearsed(drafts: list[Sheet], wanted: Wanted) -> Rehearsed:
    from datetime import UTC, datetime

    from deploy.policy.rehearsal import rehearse as go_through
    from shared.clock import shanghai_date
    from shared.errors import Unreadable

    today = shanghai_date(datetime.now(UTC))
    try:
        with StaffCalls("catalog") as calls:
            ground = _ground(calls, drafts, today)
            pasts = _past(wanted)
            return go_through(pasts, ground, today)
    except Unreadable as error:
        stop("\n".join(error.detail.split("; ")))


def _ground(calls: StaffCalls, drafts: list[Sheet], today: date) -> Ground:
    from deploy.policy.commands import EDITOR
    from deploy.policy.files import published
    from deploy.policy.sides import Ground
    from shared.contracts.policies import RegionPolicy

    def policy(region: str, version: int) -> RegionPolicy:
        document: Any = calls.get(EDITOR, f"/regions/{region}", version=version, sources=True)
        return RegionPolicy.model_validate(document, extra="ignore")

    return Ground(published(calls, EDITOR), drafts, today, policy)


def _past(wanted: Wanted) -> list[Past]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from deploy.audit.reading import KafkaSilent, spans_of
    from deploy.policy.past import read_past
    from shared.contracts.topics import APPLICATIONS, CASES

    kafka = Stack.load(default_home()).kafka
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    try:
        with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
            spans = spans_of(kafka, (APPLICATIONS.name, CASES.name))
            work = bar.add_task("records read", total=sum(span.end - span.begin for span in spans))
            pasts = read_past(kafka, spans, wanted, lambda count: bar.advance(work, count))
    except KafkaSilent as reason:
        stop(f"Kafka does not answer: {reason}.")
    if not pasts:
        stop("There are no such applications yet: nothing to rehearse with.")
    return pasts


def _wanted(region: str, since: str) -> Wanted:
    from datetime import date

    from deploy.policy.past import Wanted

    try:
        return Wanted(region or None, date.fromisoformat(since) if since else None)
    except ValueError:
        stop(f"{since} is no day: write it as 2026-11-01.")
