"""Catalog in one process without a bus: its database, its API, its staff, and a clock to set."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

import httpx

from services.catalog import actions
from services.catalog.app import POLICIES, application, read_sheets
from shared.access import Staff
from shared.errors import Refused
from shared.postgres import Database

NOW = datetime(2026, 11, 20, 4, 0, tzinfo=UTC)
SHIPPED = (POLICIES / "regions" / "panzhihua.yaml").read_text(encoding="utf-8")
PANZHIHUA = SHIPPED.partition("\nvectors:")[0] + "\n"
"""Without its vectors, which a changed file would no longer get right."""

NATIONAL = (POLICIES / "national.yaml").read_text(encoding="utf-8")


class Badges:
    """A door that knows staff by their role and a number, as `policy_editor-1`."""

    async def staff(self, authorization: str | None) -> Staff:
        if authorization is None:
            raise Refused("token-missing", "a bearer token is needed", status=401)
        name = authorization.removeprefix("Bearer ")
        return Staff(name, name, frozenset({name.partition("-")[0]}), frozenset())


class PolicyOffice:
    """What a test does with catalog as staff; `now` may be set."""

    def __init__(self, database: Database) -> None:
        self.now = NOW
        self.database = database
        self.shelf = actions.Shelf(database, lambda: self.now)
        self.app = application(self.shelf, Badges())  # type: ignore[arg-type]
        self.client = httpx.AsyncClient(transport=httpx.ASGITransport(self.app), base_url="http://catalog")

    async def get(self, path: str, **asked: Any) -> Any:
        """What anyone is answered."""
        await self.shelf.refresh()
        return (await self.client.get(f"/api/catalog{path}", params=asked)).json()

    async def post(self, who: str, path: str, **body: Any) -> httpx.Response:
        """What a member of staff is answered."""
        badge = {"authorization": f"Bearer {who}"}
        answer = await self.client.post(f"/api/catalog{path}", json=body, headers=badge)
        await self.shelf.refresh()
        return answer

    async def draft(self, text: str, by: str = "policy_editor-1", name: str = "file.yaml") -> httpx.Response:
        """Write a draft."""
        return await self.post(by, "/drafts", name=name, text=text, note="a reason")

    async def publish(self, text: str) -> list[dict[str, Any]]:
        """Lead a file from draft to publication by two people."""
        written = await self.draft(text)
        assert written.status_code == 201, written.text
        where = f"/drafts/{written.json()['draft_id']}"
        checked = await self.post("policy_editor-1", f"{where}/check")
        assert checked.json()["passed"], checked.text
        published = await self.post("policy_publisher-1", f"{where}/publication")
        assert published.status_code == 201, published.text
        stated: list[dict[str, Any]] = published.json()
        return stated


@asynccontextmanager
async def an_office(database: Database, *, delivered: bool = True) -> AsyncIterator[PolicyOffice]:
    """An office on a migrated database, with the files of the product published unless that is not wanted."""
    office = PolicyOffice(database)
    if delivered:
        await actions.deliver(database, read_sheets(), NOW)
    await office.shelf.refresh()
    async with office.client:
        yield office


def from_day(text: str, day: str) -> str:
    """A policy file that holds from another day on, without its examples of due days: tests change limits."""
    assert 'effective_from: "2025-01-01"' in text
    text = "".join(line for line in text.splitlines(keepends=True) if "{accepted: " not in line)
    return text.replace('effective_from: "2025-01-01"', f'effective_from: "{day}"')
