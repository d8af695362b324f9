"""What every route of review needs: the desk, the door for staff, the time, and who calls."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Request

from services.review.actions import Act, Desk
from services.review.domain import Holder, Officer
from shared.errors import Refused
from shared.signin import StaffDoor
from shared.visits import Visiting

ANSWERS: dict[int | str, dict[str, Any]] = {
    401: {"description": "No access token, or one that is not valid."},
    403: {"description": "The role, the region, or an earlier part in the case forbids it."},
    404: {"description": "There is no such case."},
    409: {"description": "The case is another's, has moved on, or is not at that stage; `code` says which."},
    422: {"description": "The request has defects, or breaks a rule about its content."},
    428: {"description": "The header Claim-Token is missing."},
    503: {"description": "Something is away, or the look cannot be recorded; try again later."},
}
"""Refusals that every route may give, as RFC 9457 problem details."""


@dataclass(frozen=True, slots=True)
class Office:
    """The parts that routes use; the composition root puts it into `app.state.office`."""

    desk: Desk
    door: StaffDoor
    now: Callable[[], datetime]


def _office(request: Request) -> Office:
    office: Office = request.app.state.office
    return office


def _officer(visit: Visiting) -> Officer:
    return Officer(visit.staff.id, visit.staff.roles, visit.staff.areas)


At = Annotated[Office, Depends(_office)]
By = Annotated[Officer, Depends(_officer)]


def _act(
    application_id: UUID, officer: By, claim_token: Annotated[str | None, Header(max_length=20)] = None
) -> Act:
    """Read the claim that the caller says they hold; Refused `claim-token-missing` (428) without one."""
    if claim_token is None or not claim_token.isdecimal():
        raise Refused("claim-token-missing", "the header Claim-Token carries your claim's number", status=428)
    return Act(application_id, Holder(officer, int(claim_token)))


Acting = Annotated[Act, Depends(_act)]
