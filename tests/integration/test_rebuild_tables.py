"""What a rebuild compares: every table and column by name, or a sentence why not; told in ARCHITECTURE.md."""

import importlib
import re
from pathlib import Path

import asyncpg
import pytest

from deploy.audit.comparing import COLUMNS, statement
from shared.contracts.topics import TOPICS
from shared.postgres import migrate
from shared.replaying import Compared, Replay

ROOT = Path(__file__).parents[2]
SERVICES = ("intake", "review", "notify")
TABLES = """
SELECT c.relname AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname = 'public' AND c.relkind IN ('r', 'p') AND NOT c.relispartition"""


@pytest.fixture(scope="module", params=SERVICES)
async def schema(request, servers):
    """The name of a service, how it is rebuilt, and a connection to its tables."""
    app = importlib.import_module(f"services.{request.param}.app")
    url = await servers.fresh_database(request.param)
    await migrate(url, app.MIGRATIONS)
    connection = await asyncpg.connect(url)
    yield request.param, app.replay(), connection
    await connection.close()


async def columns_of(connection, table) -> list[str]:
    return [row["column_name"] for row in await connection.fetch(COLUMNS, table)]


async def test_every_table_is_compared_or_left_out_by_name(schema):
    _, replay, connection = schema
    assert set(replay.tables) == {row["name"] for row in await connection.fetch(TABLES)}


async def test_every_named_column_is_there_and_every_sentence_says_something(schema):
    _, replay, connection = schema
    for table, how in replay.tables.items():
        if isinstance(how, str):
            assert len(how) > 20, table
            continue
        columns = set(await columns_of(connection, table))
        assert {*how.key, how.subject, *how.left_out, *how.instead} <= columns, table
        assert not how.left_out.keys() & {*how.key, *how.instead}, table
        sentences = [*how.left_out.values(), *(why for _, why in how.instead.values())]
        assert all(len(one) > 20 for one in sentences), table


async def test_every_column_that_is_not_left_out_is_in_the_line_that_is_compared(schema):
    _, replay, connection = schema
    for table, how in replay.tables.items():
        if isinstance(how, Compared):
            columns = await columns_of(connection, table)
            sql = statement(table, how, columns)
            assert await connection.fetch(sql) == []
            assert set(re.findall(r'AS "(\w+)"', sql)) == set(columns) - how.left_out.keys(), table


def test_a_key_names_one_row(schema):
    _, replay, _ = schema
    for how in replay.tables.values():
        assert isinstance(how, str) or how.key


async def test_every_topic_that_makes_the_state_is_read(schema):
    service, replay, _ = schema
    assert {one.topic.name for one in replay.consumers} == state_topics(service)
    for consumer in replay.consumers:
        if consumer.topic.writer == service:
            assert set(consumer.handlers) == set(consumer.topic.events)


def state_topics(service: str) -> set[str]:
    """What a service reads or writes, but for what channels ask and are answered."""
    mine = [topic for topic in TOPICS if service in {topic.writer, *topic.readers}]
    return {topic.name for topic in mine if "channels" not in {topic.writer, *topic.readers}}


def told(replay: Replay) -> list[tuple[str, str]]:
    """What is not compared as it is: the name, and why."""
    rows = []
    for table, how in replay.tables.items():
        if isinstance(how, str):
            rows.append((table, how))
            continue
        rows += [(f"{table}.{name}", why) for name, why in how.left_out.items()]
        rows += [(f"{table}.{name}", why) for name, (_, why) in how.instead.items()]
        rows += [(f"rows of {table}", how.only[1])] if how.only else []
    return rows


def test_architecture_tells_what_is_not_compared_and_why():
    rows: dict[str, set[str]] = {}
    for service in SERVICES:
        for name, why in told(importlib.import_module(f"services.{service}.app").replay()):
            rows.setdefault(why, set()).add(name)
    text = (ROOT / "ARCHITECTURE.md").read_text()
    section = text.split("### What is not compared")[1].split("\n## ")[0]
    listed = re.findall(r"^\| (.+) \| (.+) \|$", section, re.MULTILINE)[2:]
    found = {why: set(re.findall(r"`([^`]+)`", names)) for names, why in listed}
    assert found == rows
