"""What the user of each service can do to what must never change: nothing."""

import sys

import asyncpg
import pytest

from deploy.local.preparation import ROOT
from deploy.local.processes import Part
from deploy.local.stack import SERVICES, service_environment
from tests.support.stack import in_thread

EVERYWHERE = {"outbox", "inbox", "looks"}
OWN = {
    "catalog": {"document", "sheet", "draft", "draft_step"},
    "intake": {
        *{"timeline", "erasures", "erasure_approvals", "restatements", "exports", "export_approvals"},
        *{"retention_runs", "retention_approvals", "retention_batches"},
    },
    "review": {"decisions", "expert_opinions", "due_corrections"},
    "notify": {"receipts"},
}
APPEND_ONLY = """
SELECT relname FROM pg_class
WHERE relkind IN ('r', 'p') AND obj_description(oid, 'pg_class') LIKE 'append-only%'"""
ROWS_GO = {"person_keys", "materials", "archived_papers", "leftovers"}
DELETABLE = """
SELECT table_name FROM information_schema.role_table_grants
WHERE grantee = current_user AND privilege_type = 'DELETE' AND table_schema = 'public'"""
PARTITIONS = "SELECT relname FROM pg_class WHERE relispartition AND relkind = 'r'"
CHANGES = (
    "UPDATE {0} SET {1} = {1}",
    "DELETE FROM {0}",
    "TRUNCATE {0}",
    "DROP TABLE {0}",
    "ALTER TABLE {0} RENAME TO x",
)
A_COLUMN = "SELECT attname FROM pg_attribute WHERE attrelid = $1::regclass AND attnum = 2"


def migrate(servers, service):
    """Run the service's own command, as an operator does."""
    settings = service_environment(servers.stack, service)
    settings["MENTE_OWNER_DATABASE_URL"] = servers.stack.database_as_owner(service)
    command = (sys.executable, "-m", f"services.{service}", "migrate")
    part = Part(f"{service}-migrate", command, ready=lambda: True, environment=settings, folder=ROOT)
    servers.run_to_end(part)


@pytest.fixture(scope="module", params=SERVICES)
async def service(servers, request):
    await in_thread(migrate, servers, request.param)
    connection = await asyncpg.connect(servers.database(request.param))
    yield request.param, connection
    await connection.close()


async def test_what_is_append_only_can_neither_be_changed_nor_deleted(service):
    name, connection = service
    tables = {row["relname"] for row in await connection.fetch(APPEND_ONLY)}
    assert tables == EVERYWHERE | OWN[name]
    partitions = {row["relname"] for row in await connection.fetch(PARTITIONS)}
    assert len(partitions) == 8
    for table in tables | partitions:
        column = await connection.fetchval(A_COLUMN, table)
        for change in CHANGES:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await connection.execute(change.format(table, column))


async def test_rows_are_deleted_only_where_a_service_does_so(service):
    name, connection = service
    found = {row["table_name"] for row in await connection.fetch(DELETABLE)}
    assert found == (ROWS_GO if name == "intake" else {"person_keys"})
    for change in ("UPDATE {0} SET {1} = {1}", "DELETE FROM {0}", "INSERT INTO {0} ({1}) VALUES ('x')"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(change.format("schema_migrations", "version"))
    assert await connection.fetchval("SELECT count(*) > 0 FROM schema_migrations")


async def test_nothing_can_be_truncated_altered_or_added_to_the_schema(service):
    _, connection = service
    for deed in (
        "TRUNCATE chains",
        "CREATE TABLE mine (a int)",
        "CREATE RULE quiet AS ON UPDATE TO chains DO INSTEAD NOTHING",
        "ALTER TABLE chains DISABLE TRIGGER ALL",
        "CREATE OR REPLACE FUNCTION enter_inbox(of_topic text, ids uuid[], keys text[]) "
        "RETURNS TABLE (event_id uuid) LANGUAGE sql AS 'SELECT NULL::uuid'",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(deed)


async def test_no_service_reaches_the_database_of_another(servers):
    for one in SERVICES:
        for other in set(SERVICES) - {one}:
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await asyncpg.connect(servers.stack.dsn(f"mente_{one}", f"mente_{other}"))
