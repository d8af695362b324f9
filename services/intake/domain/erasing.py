"""When a person may be erased, and by whom."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.errors import Refused


@dataclass(frozen=True, slots=True)
class Erasure:
    """Who asked for which person's erasure, when and why."""

    erasure_id: UUID
    person_id: UUID
    reason: str
    asked_by: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Numbered:
    """An application of the person by its number; `ended` tells whether it has ended."""

    acceptance_no: str
    ended: bool


def require_another(erasure: Erasure, by: str) -> None:
    """Refuse `four-eyes` when the same person agrees who asked."""
    if by == erasure.asked_by:
        raise Refused("four-eyes", "an erasure is done by another person than the one who asked for it")


def require_ended(applications: Sequence[Numbered]) -> None:
    """Refuse a person who is not known (404), and one with an application that has not ended."""
    if not applications:
        raise Refused("person-unknown", "no application of this person is known", status=404)
    still_open = sorted(one.acceptance_no for one in applications if not one.ended)
    if still_open:
        told = f"first these applications must end: {', '.join(still_open)}"
        raise Refused("application-open", told, acceptance_no=still_open[0])
