"""Every field of every event and every column of every table has its class in ARCHITECTURE.md."""

import re
from pathlib import Path
from typing import get_args

import asyncpg
import pytest
from pydantic import BaseModel

from shared.contracts.base import Private, SealedEvent
from shared.contracts.topics import CALENDARS, EVENTS, POLICIES
from shared.postgres import migrate

ROOT = Path(__file__).parents[2]
SERVICES = ("catalog", "intake", "review", "notify")
PUBLIC = {*POLICIES.events, *CALENDARS.events}
"""Their documents are the published rules of regions and speak of nobody."""

COLUMNS = """
SELECT column_name FROM information_schema.columns
WHERE table_schema = 'public' AND table_name <> 'schema_migrations'"""


def classes() -> dict[str, set[str]]:
    """The table of ARCHITECTURE.md: class of data, names of fields and columns."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    rows = re.findall(r"^\| \*\*(\w+)\*\*[^|]*\|(.*)\|$", text, re.MULTILINE)
    return {name: set(re.findall(r"`(\w+)`", listed)) for name, listed in rows}


def parts(kind: type[BaseModel]) -> set[type[BaseModel]]:
    """A model and all models inside it."""
    found, waiting = set(), [kind]
    while waiting:
        one = waiting.pop()
        if isinstance(one, type) and issubclass(one, BaseModel) and one not in found:
            found.add(one)
            waiting += [field.annotation for field in one.model_fields.values()]
        else:
            waiting += get_args(one)
    return found


def published_fields() -> set[str]:
    """The names in the bodies of all events, at every level."""
    models = {one for event in EVENTS if event not in PUBLIC for one in parts(event)}
    bodies = {one for one in models if not issubclass(one, Private)} - sealed_models()
    return {name for one in bodies for name in one.model_fields} - {"private"} | {
        name for event in PUBLIC for name in event.model_fields
    }


def sealed_models() -> set[type[BaseModel]]:
    return {one for e in EVENTS if issubclass(e, SealedEvent) for one in parts(e.private_kind)}


def sealed_fields() -> set[str]:
    """The names inside the private parts."""
    return {name for one in sealed_models() for name in one.model_fields}


@pytest.fixture(scope="module")
async def columns(servers):
    """The names of all columns of all databases."""
    found = set()
    for service in SERVICES:
        url = await servers.fresh_database(service)
        await migrate(url, [ROOT / "shared/migrations", ROOT / f"services/{service}/migrations"])
        connection = await asyncpg.connect(url)
        found |= {row["column_name"] for row in await connection.fetch(COLUMNS)}
        await connection.close()
    return found


def test_what_is_sealed_is_listed_as_sealed():
    assert classes()["sealed"] == sealed_fields()


async def test_everything_else_is_in_one_class(columns):
    found = classes()
    found.pop("sealed")
    listed = [name for names in found.values() for name in names]
    assert len(listed) == len(set(listed)), "a name stands in one class only"
    assert set(listed) == columns | published_fields()
