"""`mente parked`: look at the records that could not be handled, and settle them."""

import asyncio
import getpass
import importlib
import os
import sys
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from deploy.local.stack import Stack, default_home, service_environment
from shared import parked
from shared.errors import Refused, Unavailable, Unreadable
from shared.inbox import Consumer
from shared.postgres import AWAY, Database

NOTHING_RUNS: tuple[type[BaseException], ...] = (FileNotFoundError, *AWAY)
READERS = ("intake", "review", "notify")
app = typer.Typer(
    help="Records that could not be handled: list, show, redrive, discard.", no_args_is_help=True
)

Service = Annotated[str, typer.Argument(help=f"One of {', '.join(READERS)}.")]
Id = Annotated[int, typer.Argument(help="The number of the record, as `list` shows it.")]
Why = Annotated[str, typer.Option(help="The reason, kept with the record.")]
Dry = Annotated[bool, typer.Option("--dry-run", help="Try it and change nothing.")]


@app.command("list")
def list_parked(
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Show every record that waits, the first of each key first."""
    rows = _run(_open_everywhere())
    if as_json:
        for service, row in rows:
            sys.stdout.buffer.write(b'{"service":"%s",%s\n' % (service.encode(), parked.as_json(row)[1:]))
        return
    table = Table("service", "id", "topic", "key", "seq", "type", "code", "reason", "tries", "bytes")
    for service, row in rows:
        cells = ("id", "topic", "key", "sequence", "type", "code", "reason", "attempts", "bytes")
        table.add_row(service, *("" if row[cell] is None else str(row[cell]) for cell in cells))
    Console().print(table if rows else "nothing is parked")


@app.command()
def show(service: Service, record: Id) -> None:
    """Show one record with its headers and original bytes (hex), as JSON."""
    row = _run(_one(service, record))
    sys.stdout.buffer.write(parked.as_json(row) + b"\n")


@app.command()
def redrive(service: Service, record: Id, why: Why, dry_run: Dry = False) -> None:
    """Handle the record and all that wait behind it on its key again, in order."""
    count = _run(_redrive(service, record, (getpass.getuser(), why), dry_run))
    _say(f"{count} handled{' in a trial, nothing was changed' if dry_run else ''}")


@app.command()
def discard(service: Service, record: Id, why: Why, dry_run: Dry = False) -> None:
    """Give one record up for ever; it stays on file with your name and reason."""
    _run(_discard(service, record, (getpass.getuser(), why), dry_run))
    _say("would be discarded" if dry_run else "discarded; redrive the next of its key if one waits")


async def _open_everywhere() -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for service in READERS:
        async with _database(service) as database:
            found += [(service, row) for row in await parked.open_records(database)]
    return found


async def _one(service: str, record: int) -> Any:
    async with _database(service) as database:
        return await parked.one(database, record)


async def _redrive(service: str, record: int, who: tuple[str, str], dry_run: bool) -> int:
    async with _database(service) as database:
        row = await parked.one(database, record)
        consumer = await _consumer(service, row["topic"], database)
        if row["key"] is None:
            return await parked.redrive_alone(database, consumer, record, who, dry_run=dry_run)
        return await parked.redrive(database, consumer, row["key"], who, dry_run=dry_run)


async def _discard(service: str, record: int, who: tuple[str, str], dry_run: bool) -> None:
    async with _database(service) as database:
        await parked.discard(database, record, who, dry_run=dry_run)


async def _consumer(service: str, topic: str, database: Database) -> Consumer:
    """The handlers of that topic, as the service itself would build them."""
    os.environ.update(service_environment(Stack.load(default_home()), service))
    app = importlib.import_module(f"services.{service}.app")
    readers: list[Consumer] = await app.readers(app.PROGRAM.read_settings(), database)
    return next(one for one in readers if one.topic.name == topic)


@asynccontextmanager
async def _database(service: str) -> AsyncIterator[Database]:
    if service not in READERS:
        raise Refused("service-unknown", f"{service} reads nothing; there are {', '.join(READERS)}")
    url = Stack.load(default_home()).database(service)
    database = await Database.open(url, name="mente-parked", size=2)
    try:
        yield database
    finally:
        await database.close()


def _run(work: Coroutine[Any, Any, Any]) -> Any:
    """Run it; what goes wrong is said in one sentence, without the values of a person."""
    try:
        return asyncio.run(work)
    except (Refused, Unavailable, Unreadable) as error:
        _say(f"{error.detail} ({error.code})")
    except NOTHING_RUNS:
        _say("nothing runs here: `make run` starts it")
    except Exception as error:
        _say(f"the record failed again with {type(error).__name__}; it stays parked")
    raise typer.Exit(1)


def _say(line: str) -> None:
    sys.stdout.write(f"Mente: {line}\n")
