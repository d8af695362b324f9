"""The parts that several answers show: the deadline as it stands, and who works on a case."""

from collections.abc import Mapping
from datetime import date, datetime

from pydantic import BaseModel

from services.review.domain import Claim, Standing


class Deadline(BaseModel):
    """The deadline as it stands now; `remaining_working_days` falls below zero once it is overdue."""

    due_on: date | None
    provisional: bool
    remaining_working_days: int
    overdue: bool
    paused: bool


class Held(BaseModel):
    """Who works on the case until when."""

    by: str
    expires_at: datetime


def deadline(standing: Standing) -> Deadline:
    """Show how a case stands to its deadline."""
    return Deadline(
        due_on=standing.due_on,
        provisional=standing.provisional,
        remaining_working_days=standing.remaining,
        overdue=standing.overdue,
        paused=standing.paused,
    )


def held(claim: Claim, now: datetime) -> Held | None:
    """Show the claim unless it has run out."""
    if claim.holder is None or claim.expires_at is None or not claim.held(now):
        return None
    return Held(by=claim.holder, expires_at=claim.expires_at)


def name_of(names: Mapping[str, str] | None, code: str) -> str | None:
    """Find the region's own name for a code."""
    return (names or {}).get(code)
