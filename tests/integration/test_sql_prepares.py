"""Every SQL statement of a service is understood by PostgreSQL on the migrated tables of that service."""

import importlib
import re
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from shared.postgres import migrate

ROOT = Path(__file__).parents[2]
SERVICES = ("catalog", "intake", "review", "notify")
STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|WITH|MERGE|TABLE)\s")


def statements(service: str) -> Iterator[tuple[str, str]]:
    """The statements that run in the database of a service, each with the name of its constant."""
    own = ROOT / "services" / service
    for path in sorted([*own.glob("store.py"), *own.glob("store/*.py"), *(ROOT / "shared").glob("*.py")]):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        module = importlib.import_module(name)
        for constant, value in vars(module).items():
            if constant.isupper() and isinstance(value, str) and STATEMENT.match(value):
                yield f"{name}.{constant}", value


@pytest.fixture(scope="module")
async def migrated(servers):
    """The address of a database of each service, with its tables."""
    urls = {}
    for service in SERVICES:
        urls[service] = await servers.fresh_database(service)
        await migrate(urls[service], [ROOT / "shared/migrations", ROOT / f"services/{service}/migrations"])
    return urls


@pytest.mark.parametrize("service", SERVICES)
async def test_every_statement_prepares(migrated, service):
    connection = await asyncpg.connect(migrated[service])
    found = dict(statements(service))
    refused = {}
    try:
        for name, sql in found.items():
            try:
                await connection.prepare(sql)
            except asyncpg.PostgresError as error:
                refused[name] = str(error)
    finally:
        await connection.close()
    assert refused == {}
    assert any(name.startswith(f"services.{service}.store") for name in found)


async def test_migrations_that_were_applied_are_not_applied_again(migrated):
    folders = [ROOT / "shared/migrations", ROOT / "services/review/migrations"]
    assert await migrate(migrated["review"], folders) == []


async def test_a_migration_that_would_block_a_live_table_gives_up(migrated, tmp_path):
    folder = tmp_path / "later" / "migrations"
    folder.mkdir(parents=True)
    (folder / "0001_wider.sql").write_text("ALTER TABLE document ADD COLUMN note text;")
    reader = await asyncpg.connect(migrated["catalog"])
    try:
        async with reader.transaction():
            await reader.fetch("SELECT 1 FROM document")
            with pytest.raises(asyncpg.LockNotAvailableError):
                await migrate(migrated["catalog"], [folder])
        assert await migrate(migrated["catalog"], [folder]) == ["0001_wider"]
    finally:
        await reader.close()
