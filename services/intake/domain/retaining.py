"""How long an application is kept after its end, and who may let it go; days are days in Shanghai."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from uuid import UUID

from services.intake.domain.following import Status
from shared.clock import SHANGHAI
from shared.contracts.base import Value
from shared.contracts.policies import RegionPolicy
from shared.contracts.retention import CountedFrom, Disposal, Retention
from shared.errors import Refused


class Kind(StrEnum):
    """What an application is kept as: determination material, or one that ended without a decision."""

    DETERMINATION = "determination"
    UNDECIDED = "undecided"


def kind_of(status: str) -> Kind:
    """Tell what an application that ended so is kept as."""
    return Kind.UNDECIDED if status == Status.WITHDRAWN else Kind.DETERMINATION


def due_on(retention: Retention, kind: Kind, ended_at: datetime) -> date:
    """The first day on which an application may go: the period is over, its last day included."""
    ended, years = ended_at.astimezone(SHANGHAI).date(), _years(retention, kind)
    if retention.counted_from.v is CountedFrom.NEXT_YEAR:
        return date(ended.year + 1 + years, 1, 1)
    last = _in_year(ended, ended.year + years) or date(ended.year + years, 2, 28)
    return last + timedelta(days=1)


def ended_before(retention: Retention, kind: Kind, day: date) -> datetime:
    """What ended before this moment may go on `day`: `due_on` the other way round."""
    year = day.year - _years(retention, kind)
    if retention.counted_from.v is CountedFrom.NEXT_YEAR:
        return _midnight(date(year, 1, 1))
    return _midnight(_in_year(day, year) or date(year, 3, 1))


def uploaded_before(policies: Iterable[RegionPolicy], day: date) -> datetime:
    """Uploads of before this moment that no application names may go on `day`.

    An upload names no region, so it stays as long as the most patient region wants.
    """
    days = max(policy.retention.unused_upload_days.v for policy in policies)
    return _midnight(day - timedelta(days=days))


@dataclass(frozen=True, slots=True)
class Rule:
    """What one region's policy lets go on one day."""

    policy: RegionPolicy
    day: date

    def ended_before(self, kind: Kind) -> datetime:
        """What of that kind ended before this moment may go."""
        return ended_before(self.policy.retention, kind, self.day)


class Held(Value):
    """How many applications of a region and kind are due, since when, and what the policy does with them."""

    region: str
    kind: Kind
    disposal: Disposal
    policy_version: int
    applications: int
    due_since: date


class Overview(Value):
    """What is due on a day: applications by region and kind, uploads, and papers that are leaving."""

    on: date
    held: tuple[Held, ...]
    unused_uploads: int
    papers_leaving: int

    def require_something(self) -> None:
        """Refuse `nothing-due` when there is nothing to do."""
        if not (self.held or self.unused_uploads or self.papers_leaving):
            raise Refused("nothing-due", f"nothing is due on {self.on}")


@dataclass(frozen=True, slots=True)
class Run:
    """Who asked that what is due at that moment goes, and why; who agreed, if anybody did."""

    run_id: UUID
    reason: str
    asked_by: str
    asked_at: datetime
    approved_by: str | None = None

    def require_another(self, by: str) -> None:
        """Refuse `four-eyes` when the same person agrees who asked, `retention-agreed` when somebody did."""
        if by == self.asked_by:
            raise Refused("four-eyes", "what is due goes by another person's word than of the one who asked")
        if self.approved_by is not None:
            raise Refused("retention-agreed", "somebody agreed to this before")

    def require_approval(self) -> str:
        """Who agreed; Refused `retention-not-agreed` before anybody did."""
        if self.approved_by is None:
            raise Refused("retention-not-agreed", "first another member of staff must agree")
        return self.approved_by


def may_be_erased(disposals: Sequence[Disposal | None]) -> bool:
    """Tell whether a person goes as a whole: nothing of theirs is kept, and nothing is in the archive."""
    return all(disposal is Disposal.ERASE for disposal in disposals)


def _years(retention: Retention, kind: Kind) -> int:
    years = retention.undecided_years if kind is Kind.UNDECIDED else retention.determination_years
    return years.v


def _in_year(day: date, year: int) -> date | None:
    """The same day of another year; None for 29 February where there is none."""
    try:
        return day.replace(year=year)
    except ValueError:
        return None


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, SHANGHAI)
