"""Send many applications at once, show how far they are, and sum up what came of them."""

from __future__ import annotations

import asyncio
import json
import secrets

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table
from rich.text import Text

from deploy.demo.many import IN_FLIGHT, Throng, plans
from deploy.demo.tally import MESSAGES, TEXTS, Tally, count, spread
from deploy.demo.world import World, open_world
from deploy.local.stack import Stack

LATE_SECONDS = 2.0
"""So long after the last decision is waited for what may come a second time."""


async def run_many(stack: Stack, number: int, as_json: bool = False, screen: Console | None = None) -> bool:
    """Send so many applications through a running stack; whether nothing was lost or doubled."""
    console = screen or Console(highlight=False)
    async with open_world(stack) as world:
        tally = await _send(world, number, Console(stderr=True) if as_json else console)
    if as_json:
        console.file.write(json.dumps(tally.as_dict(), ensure_ascii=False) + "\n")
    else:
        show(tally, console)
    return tally.whole


async def _send(world: World, number: int, console: Console) -> Tally:
    throng = Throng(world)
    await throng.prepare()
    with _bar(console) as bar:
        task = bar.add_task(f"{number} applications, {min(number, IN_FLIGHT)} at a time", total=number)
        seconds = await throng.send(plans(number, secrets.randbelow), lambda _: bar.advance(task))
    await asyncio.sleep(LATE_SECONDS)
    return count(throng.lives, world.bus.everything(), await world.texts(), seconds)


def show(tally: Tally, screen: Console) -> None:
    """Print the count of a run for a person."""
    rate = tally.planned / tally.seconds if tally.seconds else 0.0
    screen.print(f"{tally.planned} applications in {tally.seconds:.1f} s: {rate:.1f} a second, each decided.")
    screen.print(_times(tally))
    screen.print(_counts(tally))
    for problem, times in tally.problems.most_common(10):
        screen.print(Text(f"{times} times: {problem}", "red"))
    verdict = "nothing was lost, nothing was doubled" if tally.whole else "NOT WHOLE"
    screen.print(
        Text(
            f"Lost {tally.lost}, doubled {tally.doubled}: {verdict}.",
            "bold green" if tally.whole else "bold red",
        )
    )


def _times(tally: Tally) -> Table:
    table = Table(box=None, pad_edge=False, padding=(0, 3, 0, 0))
    for name in ("milliseconds", "p50", "p95", "p99"):
        table.add_column(name, justify="left" if name == "milliseconds" else "right")
    for name, seconds in (
        ("submitted until the task is in the queue", tally.to_task),
        ("decided until the SMS gateway has the text", tally.to_text),
    ):
        parts = spread(seconds) or {}
        table.add_row(
            name, *(f"{parts[part] * 1000:.0f}" if parts else "?" for part in ("p50", "p95", "p99"))
        )
    return table


def _counts(tally: Tally) -> str:
    steps = ("planned", "submitted", "applications", "cases", "decided")
    chain = ", ".join(f"{name} {getattr(tally, name)}" for name in steps)
    told = f"messages {tally.messages} of {tally.submitted * len(MESSAGES)}"
    texts = f"texts at the SMS gateway {tally.texts} of {tally.submitted * len(TEXTS)}"
    return f"Count: {chain}; {told}; {texts}."


def _bar(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console)
