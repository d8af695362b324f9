"""How staff come in by HTTP: signed in, recorded, and admitted by role; and how auditors read the record."""

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Query, Request

from shared.access import ROUTES, Staff
from shared.looks import Look, LookPage, LooksWanted, read_page, recorded
from shared.postgres import Database
from shared.signin import StaffDoor


@dataclass(frozen=True, slots=True)
class Reception:
    """Where staff of one service come in; the composition root puts it into `app.state.reception`."""

    service: str
    database: Database
    door: StaffDoor
    now: Callable[[], datetime]


@dataclass(frozen=True, slots=True)
class Visit:
    """Who came in, and the record of what they look at."""

    staff: Staff
    look: Look


async def _visit(
    request: Request, authorization: Annotated[str | None, Header()] = None
) -> AsyncIterator[Visit]:
    at = _reception(request)
    staff = await at.door.staff(authorization)
    act = request.scope["route"].name
    look = Look(staff.id, sorted(staff.roles), act, at.now(), applications=_named(request))
    async with recorded(at.database, look):
        ROUTES[f"{at.service}.{act}"].admit_staff(staff)
        yield Visit(staff, look)


Visiting = Annotated[Visit, Depends(_visit, scope="function")]
"""Admit a member of staff by token and by the roles of the route; recorded before the answer goes out."""


async def get_looks(request: Request, visit: Visiting, wanted: Annotated[LooksWanted, Query()]) -> LookPage:
    """Show who looked at an application or a person, or what somebody looked at, newest first."""
    visit.look.person_id = wanted.person_id
    return await read_page(_reception(request).database, wanted)


def _reception(request: Request) -> Reception:
    reception: Reception = request.app.state.reception
    return reception


def _named(request: Request) -> list[UUID]:
    """The application that path or query name; none if they name no id, which the route then refuses."""
    named = request.path_params.get("application_id") or request.query_params.get("application_id", "")
    try:
        return [UUID(named)]
    except ValueError:
        return []
