"""How a service is started: its settings from the environment, and its command line."""

import argparse
import asyncio
import sys
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Generic, TypeVar
from urllib.parse import urlsplit

from pydantic import Field, ValidationError
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared import logs, outbox_partitions, serving, tracing
from shared.errors import Refused, Unreadable
from shared.postgres import grant_access, migrate

PREFIX = "MENTE_"
CANNOT_START = 2
SHARED_MIGRATIONS = Path(__file__).parent / "migrations"


class Settings(BaseSettings):
    """What every service takes from its environment: one frozen object, nothing secret has a default."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True)

    database_url: str
    owner_database_url: str | None = None
    kafka: str
    http_host: str = "127.0.0.1"
    http_port: int = Field(ge=1, le=65535)
    otlp_endpoint: str | None = None
    log_level: str = "INFO"


class SettingsIncomplete(Exception):
    """A setting is missing or not usable; the text names each and tells no value."""


S = TypeVar("S", bound=Settings)


@dataclass(frozen=True)
class Program(Generic[S]):
    """What the command line needs to know of a service; a deed's docstring is its help."""

    service: str
    roles: tuple[str, ...]
    settings: type[S]
    migrations: tuple[Path, ...]
    serve: Callable[[S, str], Coroutine[Any, Any, None]]
    deeds: Mapping[str, Callable[[], None]] = field(default_factory=dict)

    def read_settings(self) -> S:
        """Read the environment; SettingsIncomplete with one sentence that names what is missing or wrong."""
        try:
            return self.settings()
        except ValidationError as error:
            wrong = {f"{PREFIX}{str(e['loc'][0]).upper()}" for e in error.errors(include_input=False)}
            names = ", ".join(sorted(wrong))
            raise SettingsIncomplete(f"{self.service} needs usable {names} in its environment") from None


def main(program: Program[Any], arguments: Sequence[str] | None = None) -> int:
    """Do what was asked; 0, or 2 after saying on standard error what stands in the way."""
    asked = _parser(program).parse_args(arguments)
    try:
        _do(program, asked)
    except (SettingsIncomplete, Unreadable, Refused) as error:
        print(error, file=sys.stderr)
        return CANNOT_START
    return 0


def _parser(program: Program[Any]) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=f"python -m services.{program.service}")
    deeds = parser.add_subparsers(dest="deed", required=True)
    served = deeds.add_parser("serve", help="run a process of the service")
    served.add_argument("--role", choices=program.roles, default="all")
    deeds.add_parser("migrate", help="bring the database up to date, as the owner of its tables")
    deeds.add_parser("keep", help="make outbox partitions ahead of need and drop old ones, as the owner")
    for name, deed in program.deeds.items():
        deeds.add_parser(name, help=deed.__doc__)
    return parser


def _do(program: Program[Any], asked: argparse.Namespace) -> None:
    if deed := program.deeds.get(asked.deed):
        deed()
        return
    settings = program.read_settings()
    if asked.deed == "migrate":
        asyncio.run(_migrate(settings, program.migrations))
        return
    if asked.deed == "keep":
        asyncio.run(outbox_partitions.keep(settings.owner_database_url or settings.database_url))
        return
    logs.configure(program.service, settings.log_level)
    tracing.configure(program.service, settings.otlp_endpoint)
    try:
        serving.run(program.serve(settings, asked.role))
    finally:
        tracing.shutdown()


async def _migrate(settings: Settings, folders: Sequence[Path]) -> None:
    owner = settings.owner_database_url or settings.database_url
    for name in await migrate(owner, folders):
        print(f"applied {name}")
    user = urlsplit(settings.database_url).username
    if user and user != urlsplit(owner).username:
        await grant_access(owner, user)
