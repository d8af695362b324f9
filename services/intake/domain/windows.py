"""When a region takes applications, if it does so in windows of the year only; pure."""

from calendar import isleap, monthrange
from collections.abc import Iterator
from datetime import date

from shared.contracts.guidance import IntakeWindow
from shared.contracts.policies import RegionPolicy
from shared.contracts.submissions import ApplicationType

WINDOWS = "windows"


def opens_on(policy: RegionPolicy, application_type: str, today: date) -> date | None:
    """Tell from which day a new application is taken again; None if it is taken today.

    No source says that renewals or changes wait for a window, so they do not.
    """
    if policy.intake_mode.v != WINDOWS or application_type != ApplicationType.NEW:
        return None
    spans = [span for window in policy.intake_windows for span in _spans(window, today.year)]
    if any(first <= today <= last for first, last in spans):
        return None
    return min((first for first, _ in spans if first > today), default=None)


def _spans(window: IntakeWindow, year: int) -> Iterator[tuple[date, date]]:
    """Give the window of last year, of this and of the next; one may reach over the New Year."""
    for opening in (year - 1, year, year + 1):
        first, last = _opening(opening, window.opens), _day(opening, window.closes)
        if window.closes < window.opens:
            last = _day(opening + 1, window.closes)
        yield first, max(first, last)


def _opening(year: int, month_day: str) -> date:
    """A window that opens on the leap day opens on 1 March of other years."""
    return date(year, 3, 1) if month_day == "02-29" and not isleap(year) else _day(year, month_day)


def _day(year: int, month_day: str) -> date:
    """Give a day of a year; one that its month does not have is the last of the month."""
    month, day = map(int, month_day.split("-"))
    return date(year, month, min(day, monthrange(year, month)[1]))
