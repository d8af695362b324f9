"""The commands `mente audit …`: proof and history, from the log alone."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, NoReturn, cast

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.audit.reading import KafkaSilent
from deploy.audit.verifying import Claim, Findings
from deploy.audit.verifying import verify as run_verification
from deploy.local.folder import supervisor_pid
from deploy.local.stack import Stack, default_home
from shared.contracts.topics import TOPICS
from shared.errors import Refused, Unavailable, Unreadable

CHAINED = tuple(topic.name for topic in TOPICS if topic.in_sequence)
MOST_SHOWN = 50
AUDITOR = "embedded-auditor"
"""The name under which the embedded stack's key for checkpoints is known."""

app = typer.Typer(help="Proof and history, from the log alone.", no_args_is_help=True)

AsJson = Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")]


@app.command()
def verify(
    topic: Annotated[str, typer.Option(help="Only this topic.")] = "",
    bus_only: Annotated[
        bool, typer.Option("--bus-only", help="Do not ask the services how long their chains are.")
    ] = False,
    checkpoints: Annotated[
        str,
        typer.Option(
            metavar="DIR", help="A copy of the object store's `checkpoints`: the folder that holds it."
        ),
    ] = "",
    as_json: AsJson = False,
) -> None:
    """Follow every chain from its first event; exit 1 and the first break of each key when one is broken."""
    from deploy.audit.archive import Archive
    from deploy.audit.checkpointing import faults_of
    from deploy.audit.tips import published_tips

    chosen = [topic] if topic else list(CHAINED)
    if not set(chosen) <= set(CHAINED):
        raise typer.BadParameter(f"there are {', '.join(CHAINED)}", param_hint="--topic")
    stack = running_stack()
    began = time.perf_counter()
    try:
        archives = [Archive(_kept_at(stack, checkpoints), name) for name in chosen]
        known = {AUDITOR: _private_key(stack).public_key()}
        wrong = {one.topic: faults for one in archives if (faults := faults_of(one, known))}
        compared = Compared({one.topic: one.count() for one in archives}, wrong)
        tips = [] if bus_only else asyncio.run(published_tips(stack, chosen))
        sound = [one for one in archives if one.topic not in wrong]
        found = _found(stack, Claim(chosen, tips, sound), as_json)
    except (KafkaSilent, Refused, Unavailable) as reason:
        fail(str(reason))
    _report(found, compared, time.perf_counter() - began, as_json)
    raise typer.Exit(1 if found.breaks or wrong else 0)


@app.command()
def checkpoint(
    printed: Annotated[bool, typer.Option("--print", help="Print them, to be kept outside of here.")] = False,
) -> None:
    """Sign what came to each topic since its last checkpoint, and keep that in the object store."""
    from deploy.audit.archive import Archive
    from deploy.audit.checkpointing import Signer, take_checkpoint
    from shared.printed import printable

    stack = running_stack()
    signer = Signer(AUDITOR, _private_key(stack))
    try:
        for name in CHAINED:
            archive = Archive(stack.object_store_url, name)
            taken = take_checkpoint(stack.kafka, archive, signer, datetime.now(UTC))
            shown = taken or archive.last()
            if shown is None:
                typer.echo(f"{name}: nothing is there yet")
                continue
            new = "" if taken else "nothing new since "
            typer.echo(f"{name}: {new}checkpoint {shown.number}, {shown.size} events, root {shown.root}")
            if printed:
                typer.echo(f"\n{printable(shown)}\n")
    except (KafkaSilent, Refused, Unavailable) as reason:
        fail(str(reason))


@app.command()
def compare(
    printed: Annotated[Path, typer.Argument(help="A file with the text of a printed checkpoint, typed in.")],
) -> None:
    """Compare a checkpoint that was kept on paper with the one that is kept here; exit 1 if they differ."""
    from deploy.audit.archive import Archive
    from shared.checkpoints import verify as fault_of
    from shared.printed import parse_printed

    stack = running_stack()
    try:
        typed = parse_printed(printed.read_text())
        fault = fault_of(typed, {AUDITOR: _private_key(stack).public_key()})
        if fault:
            fail(fault.sentence)
        kept = Archive(stack.object_store_url, typed.topic).number(typed.number)
    except (OSError, Refused, Unavailable, Unreadable) as reason:
        fail(str(reason))
    if kept != typed:
        _say(f"checkpoint {typed.number} of {typed.topic} is another one here, or none: somebody rewrote it")
        raise typer.Exit(1)
    typer.echo(f"checkpoint {typed.number} of {typed.topic} is the one that is kept here")


@app.command()
def history(
    application: Annotated[str, typer.Argument(help="The application's id or its acceptance number.")],
    at: Annotated[str, typer.Option(help="Only what had happened by then, as 2026-11-22T10:00+08:00.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Tell the whole life of one application: who, when, what, under which hash."""
    from deploy.audit.history import application_id_of, lines_of, table_of

    until = _moment(at) if at else None
    stack = running_stack()
    try:
        identity = asyncio.run(application_id_of(stack, application))
        lines = lines_of(stack.kafka, identity, until)
    except (KafkaSilent, Refused) as reason:
        fail(str(reason))
    if not lines:
        fail(f"nothing had happened to {application}" + (f" by {at}" if at else " that is on the bus"))
    if as_json:
        for line in lines:
            sys.stdout.write(json.dumps(line.facts(), ensure_ascii=False) + "\n")
        return
    Console().print(table_of(identity, lines))


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no date and time", param_hint="--at") from None
    if moment.tzinfo is None:
        raise typer.BadParameter(f"{text} names no time zone: add +08:00", param_hint="--at")
    return moment


def _kept_at(stack: Stack, copy: str) -> str:
    if not copy:
        return stack.object_store_url
    if not (Path(copy) / "checkpoints").is_dir():
        fail(f"{copy} has no folder `checkpoints`")
    return Path(copy).resolve().as_uri()


def _found(stack: Stack, claim: Claim, as_json: bool) -> Findings:
    with progress_bar(as_json) as bar:
        work = bar.add_task("records", total=None)
        return run_verification(
            stack.kafka, claim, os.cpu_count() or 1, lambda count: bar.update(work, completed=count)
        )


def _private_key(stack: Stack) -> Ed25519PrivateKey:
    stored = (stack.keys_folder / "audit.pem").read_bytes()
    return cast("Ed25519PrivateKey", load_pem_private_key(stored, password=None))


@dataclass(frozen=True, slots=True)
class Compared:
    """How many checkpoints of each topic were compared, and what is wrong with them."""

    kept: dict[str, int]
    wrong: dict[str, list[str]]


def _report(found: Findings, compared: Compared, seconds: float, as_json: bool) -> None:
    total = sum(found.events.values())
    if as_json:
        facts = {
            "events": dict(found.events),
            "chains": dict(found.chains),
            "breaks": [asdict(one) for one in found.breaks],
            "checkpoints": compared.kept,
            "checkpoint_faults": compared.wrong,
            "seconds": round(seconds, 2),
        }
        sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n")
        return
    screen = Console()
    for name in sorted(found.events):
        count, chains = f"{found.events[name]:,} events", f"{found.chains[name]:,} sound chains"
        kept = compared.kept[name]
        signed = f"{kept} checkpoint" if kept == 1 else f"{kept} checkpoints"
        screen.print(f"{name}: {count} in {chains}, compared with {signed}")
    for one in found.breaks[:MOST_SHOWN]:
        place = "" if one.offset is None else f" (partition {one.partition} offset {one.offset})"
        screen.print(
            f"[red]{one.topic} {one.key}, event {one.sequence}: {one.fault}[/red]{place}. {one.sentence}"
        )
    if len(found.breaks) > MOST_SHOWN:
        screen.print(f"and {len(found.breaks) - MOST_SHOWN} more; --json shows them all")
    for name, faults in compared.wrong.items():
        for fault in faults:
            screen.print(f"[red]{name}, {fault}[/red]")
    number = len(found.breaks) + sum(map(len, compared.wrong.values()))
    verdict = f"[red]{number} faults[/red]" if number else "[green]all is sound[/green]"
    screen.print(f"{total:,} events in {seconds:.1f} s, {total / seconds:,.0f} a second: {verdict}")


def progress_bar(hidden: bool) -> Progress:
    """A bar on standard error with count and time."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=hidden)


def running_stack() -> Stack:
    """The stack that runs here; ends the program if there is none."""
    home = default_home()
    if supervisor_pid(home) == 0:
        fail("nothing runs here: `make run` starts it")
    return Stack.load(home)


def _say(line: str) -> None:
    sys.stderr.write(f"Mente: {line}\n")


def fail(line: str) -> NoReturn:
    """Say what stands in the way, and end the program with 2."""
    _say(line)
    raise typer.Exit(2)
