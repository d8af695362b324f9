"""What staff should know before it hurts: a calendar year that is due and not here."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

FIRST_MISSED_ON = (10, 1)
"""Month and day from which the calendar of the next year is missed; it is announced in the autumn."""


@dataclass(frozen=True, slots=True)
class MissingYear:
    """A year whose calendar is not here, and since when it is missed."""

    year: int
    since: date


def missing_years(known: Collection[int], today: date) -> list[MissingYear]:
    """List the years that are missing on a day: the current one, and from 1 October on the next."""
    wanted = [MissingYear(year, date(year - 1, *FIRST_MISSED_ON)) for year in (today.year, today.year + 1)]
    return [one for one in wanted if one.since <= today and one.year not in known]
