"""`mente audit verify`: the proof, from the first event or from a checkpoint on."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from deploy.audit.following import Findings
from deploy.audit.reading import KafkaSilent
from deploy.audit.tips import published_tips, tips_now
from deploy.audit.verifying import Claim
from deploy.audit.verifying import verify as run_verification
from deploy.audit_cli.running import (
    AUDITOR,
    CHAINED,
    MOST_SHOWN,
    AsJson,
    fail,
    moment,
    private_key,
    progress_bar,
    running_stack,
)
from deploy.local.stack import Stack
from shared.clock import SHANGHAI
from shared.errors import Refused, Unavailable, Unreadable

if TYPE_CHECKING:
    from deploy.audit.archive import Archive
    from shared.checkpoints import Checkpoint

PROVES = (
    "This proves: since then no chain breaks, each goes on from what was signed, and nothing is missing that "
    "was signed since. It does not prove that older events still stand on the bus as they were: for that, "
    "verify without --since."
)


def verify(
    topic: Annotated[str, typer.Option(help="Only this topic.")] = "",
    since: Annotated[
        str,
        typer.Option(
            metavar="WHEN",
            help="Only what came after a checkpoint: its number, or a day or time: the last one by then. "
            "What came before is trusted as it was signed, and is not read.",
        ),
    ] = "",
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
    chosen = [topic] if topic else list(CHAINED)
    if not set(chosen) <= set(CHAINED):
        raise typer.BadParameter(f"there are {', '.join(CHAINED)}", param_hint="--topic")
    at = _when(since) if since else None
    stack = running_stack()
    began = time.perf_counter()
    try:
        compared = _compared(stack, _kept_at(stack, checkpoints), chosen, at)
        claim = _claim(stack, compared, chosen, bus_only)
        found = _found(stack, claim, as_json)
        if found.beyond:
            found.add_unstated(asyncio.run(tips_now(stack, found.beyond)))
    except (KafkaSilent, Refused, Unavailable, Unreadable) as reason:
        fail(str(reason))
    _report(found, compared, time.perf_counter() - began, as_json)
    raise typer.Exit(1 if found.breaks or compared.wrong else 0)


@dataclass(frozen=True, slots=True)
class Compared:
    """The checkpoints of each topic, what is wrong with them, and after which one each is read."""

    archives: list[Archive]
    kept: dict[str, int]
    wrong: dict[str, list[str]]
    starts: Mapping[str, Checkpoint]
    is_since: bool


def _compared(stack: Stack, url: str, topics: list[str], at: datetime | int | None) -> Compared:
    from deploy.audit.archive import Archive
    from deploy.audit.checkpointing import faults_of

    archives = [Archive(url, name) for name in topics]
    starts = _starts(archives, at) if at is not None else {}
    known = {AUDITOR: private_key(stack).public_key()}
    numbers = {name: start.number for name, start in starts.items()}
    wrong = {
        one.topic: faults for one in archives if (faults := faults_of(one, known, numbers.get(one.topic, 0)))
    }
    kept = {one.topic: one.count() for one in archives}
    # Nothing can be entered at a checkpoint that is not what was signed: such a topic is read as a whole.
    trusted = {name: start for name, start in starts.items() if name not in wrong}
    return Compared(archives, kept, wrong, trusted, at is not None)


def _starts(archives: list[Archive], at: datetime | int) -> dict[str, Checkpoint]:
    """The checkpoint at which each topic is entered; a topic that had none by then is read as a whole."""
    from deploy.audit.checkpointing import base_at

    starts = {}
    for archive in archives:
        try:
            found = archive.number(at) if isinstance(at, int) else base_at(archive, at)
        except Unreadable:  # Whoever compares the checkpoints says so.
            return {}
        if found is None and isinstance(at, int):
            count = archive.count()
            fail(f"{archive.topic} has no checkpoint {at}, only {count}: name a time, or one --topic")
        if found:
            starts[archive.topic] = found
    if not starts:
        fail("no checkpoint was taken at or before that time: verify without --since reads everything")
    return starts


def _claim(stack: Stack, compared: Compared, topics: list[str], bus_only: bool) -> Claim:
    tips = None if bus_only else asyncio.run(published_tips(stack, topics))
    sound = [one for one in compared.archives if one.topic not in compared.wrong]
    return Claim(topics, tips, sound, {name: start.number for name, start in compared.starts.items()})


def _when(text: str) -> datetime | int:
    if text.isdecimal() and len(text) < 8:
        return int(text)
    return moment(f"{text}T00:00+08:00" if len(text) == len("2026-11-22") else text, "--since")


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


def _report(found: Findings, compared: Compared, seconds: float, as_json: bool) -> None:
    if as_json:
        facts = {
            "events": dict(found.events),
            "chains": dict(found.chains),
            "breaks": [asdict(one) for one in found.breaks],
            "checkpoints": compared.kept,
            "checkpoint_faults": compared.wrong,
            "since": {name: start.number for name, start in compared.starts.items()},
            "seconds": round(seconds, 2),
        }
        sys.stdout.write(json.dumps(facts, ensure_ascii=False) + "\n")
        return
    screen = Console()
    for name in sorted({*found.events, *compared.starts}):
        screen.print(_line_of(name, found, compared))
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
    _conclude(screen, found, compared, seconds)


def _line_of(name: str, found: Findings, compared: Compared) -> str:
    """What was read of a topic, and from where on."""
    start = compared.starts.get(name)
    came = "in"
    if start:
        came = f"after checkpoint {start.number} of {start.until.astimezone(SHANGHAI):%Y-%m-%d %H:%M}, in"
    elif compared.is_since:
        came = "from the first on, because no checkpoint was there to begin at, in"
    kept = compared.kept[name]
    signed = f"{kept} checkpoint" if kept == 1 else f"{kept} checkpoints"
    return (
        f"{name}: {found.events[name]:,} events {came} {found.chains[name]:,} sound chains, "
        f"compared with {signed}"
    )


def _conclude(screen: Console, found: Findings, compared: Compared, seconds: float) -> None:
    total = sum(found.events.values())
    number = len(found.breaks) + sum(map(len, compared.wrong.values()))
    verdict = f"[red]{number} faults[/red]" if number else "[green]all is sound[/green]"
    screen.print(f"{total:,} events in {seconds:.1f} s, {total / seconds:,.0f} a second: {verdict}")
    if compared.starts:
        screen.print(PROVES)
