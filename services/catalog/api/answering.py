"""How the reading side answers: which policy is asked for, values alone or with sources, and an ETag."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any

import orjson
from fastapi import Depends, Path, Query, Request, Response

from services.catalog.actions import Shelf
from services.catalog.api.keeping import ETAG
from services.catalog.domain.showing import plain

OTHER_ANSWERS: dict[int | str, dict[str, Any]] = {
    304: {"description": "Not changed since the ETag in If-None-Match."},
    404: {"description": "There is no such region, version, disease or policy in force on that day."},
    422: {"description": "A parameter does not have the expected form."},
    503: {"description": "The database is away; try again later."},
}

Region = Annotated[str, Path(pattern=r"^[a-z0-9_-]{1,40}$", description="for example panzhihua")]
Code = Annotated[str, Path(pattern=r"^[A-Za-z0-9_.:-]{1,64}$", description="for example PZH-001")]
Sources = Annotated[
    bool,
    Query(description="true: every value with src, grade, origin, days, note and what others claim"),
]
Version = Annotated[int | None, Query(ge=1, le=2**31 - 1, description="a published version")]
At = Annotated[
    date | None,
    Query(ge=date(1900, 1, 1), description="what is in force on that day; today if it is left out"),
]


@dataclass(frozen=True, slots=True)
class Asked:
    """Which policy is asked for, for which day (today), and whether with sources."""

    shelf: Shelf
    region: str
    version: int
    sources: bool
    day: date

    async def document(self) -> Mapping[str, Any]:
        """Give the policy as JSON, every value with its source."""
        return await self.shelf.document(self.region, self.version)

    def shown(self, part: Any) -> Any:
        """Show a part of a document as it was asked for."""
        return part if self.sources else plain(part)


def shelf_of(request: Request) -> Shelf:
    """The shelf that the composition root put into `app.state.shelf`."""
    shelf: Shelf = request.app.state.shelf
    return shelf


def _asked(
    request: Request, region: Region, version: Version = None, at: At = None, sources: Sources = False
) -> Asked:
    shelf = shelf_of(request)
    return Asked(shelf, region, shelf.version(region, version, at), sources, at or shelf.today())


Wanted = Annotated[Asked, Depends(_asked)]
"""The policy that path and query name: a version, or what is in force on a day."""


def answer(request: Request, content: Any, media_type: str = "application/json") -> Response:
    """Answer with the content and its ETag; `KeptAnswers` keeps it, and says 304 to who has it already."""
    body = content if isinstance(content, bytes) else orjson.dumps(content)
    etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
    request.scope[ETAG] = etag
    return Response(body, headers={"etag": etag, "cache-control": "no-cache"}, media_type=media_type)
