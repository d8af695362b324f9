"""The composition root of catalog: what a process of it is made of."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

import structlog
from fastapi import FastAPI

from services.catalog import actions, api
from services.catalog.domain.places import File
from services.catalog.domain.publishing import Document
from services.catalog.domain.reading import read_calendar, read_policy, read_sources
from services.catalog.settings import Settings
from shared import edge
from shared.health import Health
from shared.postgres import AWAY, PASSING, Database
from shared.program import SHARED_MIGRATIONS, Program
from shared.relay import Relay

SERVICE = "catalog"
ROLES = ("all", "api", "relay")
HERE = Path(__file__).parent
POLICIES = HERE / "policies"
MIGRATIONS = (SHARED_MIGRATIONS, HERE / "migrations")
log = structlog.get_logger(SERVICE)


def now() -> datetime:
    """The one source of time of this process."""
    return datetime.now(UTC)


def read_documents(folder: Path = POLICIES) -> list[Document]:
    """Read all policy files of a folder; Unreadable with file, place and reason."""
    titles = read_sources(_file(folder / "sources.yaml"))
    national = _file(folder / "national.yaml")
    regions = [read_policy(national, _file(path), titles) for path in sorted(folder.glob("regions/*.yaml"))]
    return [*(read_calendar(_file(path)) for path in sorted(folder.glob("calendars/*.yaml"))), *regions]


def check() -> None:
    """Read the policy files and say whether they are sound."""
    print(f"{len(read_documents())} documents are sound")


async def serve(settings: Settings, role: str) -> None:
    """Run a process until SIGTERM or SIGINT; raises Unreadable or Refused for the policy files."""
    documents = read_documents()
    database = await Database.open_when_there(settings.database_url, name=SERVICE)
    try:
        shelf = actions.Shelf(database)
        app = application(shelf, database, with_api=role in {"all", "api"})
        stop = asyncio.Event()
        loops: list[Callable[[], Awaitable[None]]] = [
            partial(edge.serve, app, settings.http_host, settings.http_port, stop)
        ]
        if role in {"all", "relay"}:
            await _publish_when_possible(database, documents)
            loops.append(Relay(database, service=SERVICE, kafka=settings.kafka).run)
        await edge.run_until_stopped(*loops, stop=stop)
    finally:
        await database.close()


def application(shelf: actions.Shelf, database: Database, *, with_api: bool = True) -> FastAPI:
    """Make the HTTP application: probes always, the reading side if this process has it."""
    health = Health()
    health.add("database", database.gap)
    health.add("documents", partial(_documents_are_there, shelf))
    app = edge.application("Mente catalog", SERVICE, health)
    if with_api:
        api.add_routes(app, shelf)
    return app


def _file(path: Path) -> File:
    return File(path.name, path.read_text(encoding="utf-8"))


async def _publish_when_possible(database: Database, documents: Sequence[Document]) -> None:
    pause = 0.1
    while True:
        try:
            events = await actions.publish_documents(database, documents, now())
            log.info("documents-published", keys=[f"{event.topic}:{event.key}" for event in events])
            return
        except (*AWAY, *PASSING) as error:
            log.warning("publication-waits", reason=type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5)


async def _documents_are_there(shelf: actions.Shelf) -> str | None:
    if not await shelf.policies():
        return "no policy is published yet"
    return None if await shelf.calendars() else "no calendar is published yet"


PROGRAM = Program(SERVICE, ROLES, Settings, MIGRATIONS, serve, {"check": check})
