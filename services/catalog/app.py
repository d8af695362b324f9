"""The composition root of catalog: what a process of it is made of."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import structlog
from fastapi import FastAPI

from services.catalog import actions, api, forms
from services.catalog.domain import checking
from services.catalog.domain.composing import Edition, first_documents
from services.catalog.domain.places import File
from services.catalog.domain.publishing import Document
from services.catalog.domain.sheets import Sheet, calendar_of, read_sheet
from services.catalog.settings import Settings
from shared import edge
from shared.errors import Unreadable
from shared.health import Health
from shared.postgres import AWAY, PASSING, Database
from shared.program import SHARED_MIGRATIONS, Program
from shared.relay import Relay
from shared.serving import Loop
from shared.signin import StaffDoor

SERVICE = "catalog"
ROLES = ("all", "api", "relay")
HERE = Path(__file__).parent
POLICIES = HERE / "policies"
FOLDERS = ("provinces", "regions", "calendars")
MIGRATIONS = (SHARED_MIGRATIONS, HERE / "migrations")
log = structlog.get_logger(SERVICE)


def now() -> datetime:
    """The one source of time of this process."""
    return datetime.now(UTC)


def read_sheets(folder: Path = POLICIES) -> list[Sheet]:
    """Read all policy files of a folder; Unreadable with file, place and reason."""
    paths = [
        folder / "national.yaml",
        *(p for name in FOLDERS for p in sorted((folder / name).glob("*.yaml"))),
    ]
    return [read_sheet(_file(path)) for path in paths]


def read_documents(folder: Path = POLICIES) -> list[Document]:
    """Read what a fresh installation publishes: every calendar and policy as version 1."""
    return [document for document, _ in first_documents(read_sheets(folder))]


def check() -> None:
    """Check the policy files that came with the product, and say what is wrong with them."""
    sheets = read_sheets()
    calendars = [calendar_of(sheet, 1) for sheet in sheets if sheet.kind == "calendar"]
    layers = {sheet.key: [Edition(sheet, 1)] for sheet in sheets if sheet.kind != "calendar"}
    reports = {
        sheet.key: checking.check(sheet, layers, calendars, date.min, forms.faults) for sheet in sheets
    }
    wrong = [f"{key}: {error}" for key, report in reports.items() for error in report.errors]
    if wrong:
        raise Unreadable("policy-unsound", "; ".join(wrong))
    vectors = sum(report.vectors for report in reports.values())
    print(f"{len(sheets)} files are sound; {vectors} vectors come out as they should")


async def serve(settings: Settings, role: str) -> None:
    """Run a process until SIGTERM or SIGINT; raises Unreadable for the policy files."""
    sheets = read_sheets()
    first_documents(sheets)
    database = await Database.open_when_there(settings.database_url, name=SERVICE)
    door = StaffDoor(settings.oidc_issuer, settings.oidc_audience)
    shelf, stop = actions.Shelf(database, now), asyncio.Event()
    try:
        app = application(shelf, door, with_api=role in {"all", "api"})
        loops: list[Loop] = [
            partial(edge.serve, app, settings.http_host, settings.http_port, stop),
            shelf.run,
        ]
        if role in {"all", "relay"}:
            await _deliver_when_possible(database, sheets)
            loops.append(Relay(database, service=SERVICE, kafka=settings.kafka).run)
        await edge.run_until_stopped(*loops, stop=stop)
    finally:
        await door.close()
        await database.close()


def application(shelf: actions.Shelf, door: StaffDoor, *, with_api: bool = True) -> FastAPI:
    """Make the HTTP application: probes always, reading and editing if this process has them."""
    health = Health()
    health.add("database", shelf.database.gap)
    health.add("documents", shelf.gap)
    app = edge.application("Mente catalog", SERVICE, health)
    if with_api:
        app.state.shelf = shelf
        app.state.door = door
        for router in (*api.READING, *api.EDITING):
            app.include_router(router)
        app.state.kept = api.KeptAnswers(api.PUBLISHED, shelf.moment)
        edge.before_routes(app, app.state.kept.before)
    return app


def _file(path: Path) -> File:
    return File(path.name, path.read_text(encoding="utf-8"))


async def _deliver_when_possible(database: Database, sheets: Sequence[Sheet]) -> None:
    pause = 0.1
    while True:
        try:
            events = await actions.deliver(database, sheets, now())
            log.info("files-delivered", keys=[f"{event.topic}:{event.key}" for event in events])
            return
        except (*AWAY, *PASSING) as error:
            log.warning("delivery-waits", reason=type(error).__name__)
            await asyncio.sleep(pause)
            pause = min(pause * 2, 5)


PROGRAM = Program(SERVICE, ROLES, Settings, MIGRATIONS, serve, {"check": check})
