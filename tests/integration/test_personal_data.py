"""Every field of every event and every column of every table has its class in ARCHITECTURE.md."""

import re
from collections.abc import Iterable
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
SELECT table_name || '.' || column_name AS place FROM information_schema.columns c
JOIN pg_class p ON p.oid = (quote_ident(table_name))::regclass AND NOT p.relispartition
WHERE table_schema = 'public' AND table_name <> 'schema_migrations'"""


def classes() -> dict[str, set[str]]:
    """The table of ARCHITECTURE.md: class of data, fields and columns, by name or by place."""
    text = (ROOT / "ARCHITECTURE.md").read_text()
    rows = re.findall(r"^\| \*\*(\w+)\*\*[^|]*\|(.*)\|$", text, re.MULTILINE)
    return {name: set(re.findall(r"`([\w.]+)`", listed)) for name, listed in rows}


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


def fields(models: Iterable[type[BaseModel]]) -> set[str]:
    """The places of fields, as `Model.field`."""
    return {f"{one.__name__}.{name}" for one in models for name in one.model_fields}


def published_fields() -> set[str]:
    """The places in the bodies of all events, at every level."""
    models = {one for event in EVENTS if event not in PUBLIC for one in parts(event)}
    bodies = {one for one in models if not issubclass(one, Private)} - sealed_models()
    return {place for place in fields(bodies | PUBLIC) if name_in(place) != "private"}


def sealed_models() -> set[type[BaseModel]]:
    return {one for e in EVENTS if issubclass(e, SealedEvent) for one in parts(e.private_kind)}


def name_in(place: str) -> str:
    return place.rpartition(".")[2]


@pytest.fixture(scope="module")
async def columns(servers):
    """All columns of all databases, as `table.column`."""
    found = set()
    for service in SERVICES:
        url = await servers.fresh_database(service)
        await migrate(url, [ROOT / "shared/migrations", ROOT / f"services/{service}/migrations"])
        connection = await asyncpg.connect(url)
        found |= {row["place"] for row in await connection.fetch(COLUMNS)}
        await connection.close()
    return found


def test_what_is_sealed_is_listed_as_sealed():
    assert classes()["sealed"] == {name_in(place) for place in fields(sealed_models())}


async def test_every_other_place_is_in_one_class(columns):
    found = classes()
    found.pop("sealed")
    places = columns | published_fields()
    of = {p: [name for name, listed in found.items() if {p, name_in(p)} & listed] for p in places}
    assert {place: listed for place, listed in of.items() if len(listed) != 1} == {}
    listed = {name for names in found.values() for name in names}
    assert listed - places - {name_in(place) for place in places} == set(), "it is nowhere"


def test_what_is_called_as_something_sealed_is_listed_place_by_place():
    """Or a new column `name` would be taken for one that was looked at."""
    found = classes()
    sealed = found.pop("sealed")
    assert {name: listed & sealed for name, listed in found.items() if listed & sealed} == {}
