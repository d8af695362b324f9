"""Show the status of the stack to a person."""

from __future__ import annotations

from rich.console import Console
from rich.table import Table

from deploy.status import Outbox, Status


def show(status: Status, console: Console | None = None) -> None:
    """Print three tables: parts, consumers, outboxes with parked records."""
    screen = console or Console()
    screen.print(f"Mente at {status.gateway}, supervisor {status.supervisor}")
    screen.print(_parts(status))
    screen.print(_consumers(status))
    screen.print(_outboxes(status.outboxes))
    if status.calendar_years_missing:
        screen.print(
            f"[yellow]{status.calendar_years_missing} calendar year(s) missing: "
            "due dates that reach into it are provisional until catalog publishes it[/]"
        )


def _parts(status: Status) -> Table:
    table = _table("part", "health", "port", "process", "memory")
    for part in status.parts:
        colour = "green" if part.health == "ready" else "red"
        table.add_row(
            part.name, f"[{colour}]{part.health}[/]", str(part.port), str(part.pid), f"{part.memory_mb} MB"
        )
    return table


def _consumers(status: Status) -> Table:
    table = _table("consumer group", "topic", "records behind")
    for lag in status.consumers:
        table.add_row(lag.group, lag.topic, str(lag.records))
    return table


def _outboxes(outboxes: list[Outbox]) -> Table:
    table = _table("service", "unsent events", "oldest unsent", "parked records")
    for outbox in outboxes:
        oldest = outbox.oldest_unsent_seconds
        age = "?" if oldest is None else f"{oldest:.1f} s"
        table.add_row(outbox.service, _known(outbox.depth), age, _known(outbox.parked))
    return table


def _table(*columns: str) -> Table:
    table = Table(box=None, pad_edge=False)
    for column in columns:
        table.add_column(column)
    return table


def _known(number: int | None) -> str:
    return "?" if number is None else str(number)
