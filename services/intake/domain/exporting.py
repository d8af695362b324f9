"""What is written down of who asks to open an application's private parts for an evidence pack."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from shared.errors import Refused


@dataclass(frozen=True, slots=True)
class Export:
    """Who asked for which application's evidence, opened, when and why."""

    export_id: UUID
    application_id: UUID
    reason: str
    asked_by: str
    asked_at: datetime


@dataclass(frozen=True, slots=True)
class Filed:
    """Whose application it is, and the names of its papers."""

    person_id: UUID
    papers: tuple[bytes, ...]


def require_other(export: Export, by: str) -> None:
    """Refuse `four-eyes` when the same person agrees who asked."""
    if by == export.asked_by:
        raise Refused("four-eyes", "private parts are opened by another person than the one who asked for it")
