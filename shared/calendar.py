"""Working days from the yearly arrangements of holidays and make-up working days; pure, days are dates."""

from calendar import monthrange
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from typing import Protocol, Self

ONE_DAY = timedelta(days=1)


class DayReason(StrEnum):
    """Why a day counts or not."""

    WORKING_DAY = "working_day"
    MAKE_UP_DAY = "make_up_day"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"


class Holiday(Protocol):
    """A named stretch of days off, both ends included."""

    @property
    def name(self) -> str: ...
    @property
    def first(self) -> date: ...
    @property
    def last(self) -> date: ...


class Arrangement(Protocol):
    """The days off and make-up working days of one year, with the notice that sets them."""

    @property
    def year(self) -> int: ...
    @property
    def source(self) -> str: ...
    @property
    def days_off(self) -> Sequence[Holiday]: ...
    @property
    def make_up_working_days(self) -> Sequence[date]: ...


@dataclass(frozen=True, slots=True)
class DaysOff:
    """A named stretch of days off, both ends included."""

    name: str
    first: date
    last: date


@dataclass(frozen=True, slots=True)
class YearArrangement:
    """The arrangement of one year as a plain value (a published calendar document serves as well)."""

    year: int
    source: str
    days_off: tuple[DaysOff, ...] = ()
    make_up_working_days: tuple[date, ...] = ()


@dataclass(frozen=True, slots=True)
class DayKind:
    """Whether a day is a working day and why; true in a condition when it is."""

    day: date
    working: bool
    reason: DayReason
    name: str = ""
    provisional: bool = False

    def __bool__(self) -> bool:
        return self.working


@dataclass(frozen=True, slots=True)
class DueDay:
    """A day reached by counting; provisional when it rests on years that are not loaded."""

    on: date
    provisional: bool
    missing_years: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class DayCount:
    """A number of working days; provisional when it rests on years that are not loaded."""

    days: int
    provisional: bool
    missing_years: tuple[int, ...] = ()


@dataclass(frozen=True)
class Calendar:
    """Working days of all loaded years; a year that is not loaded knows weekends only and says so."""

    years: Mapping[int, str]
    special_days: Mapping[date, DayKind]

    @classmethod
    def of(cls, years: Iterable[Arrangement], additions: Iterable[Arrangement] = ()) -> Self:
        """Build from national years, then a region's own days, which win; ValueError if they contradict."""
        sources: dict[int, str] = {}
        special: dict[date, DayKind] = {}
        for arrangement in years:
            if arrangement.year in sources:
                raise ValueError(f"the year {arrangement.year} is arranged twice")
            sources[arrangement.year] = arrangement.source
            special |= _special_days(arrangement)
        for arrangement in additions:
            special |= _special_days(arrangement)
        return cls(years=sources, special_days=special)

    def is_working_day(self, day: date) -> DayKind:
        """Tell whether the day is a working day, and by which holiday, weekend or make-up day."""
        if day in self.special_days:
            return self.special_days[day]
        weekend = day.weekday() >= 5
        reason = DayReason.WEEKEND if weekend else DayReason.WORKING_DAY
        return DayKind(day, not weekend, reason, provisional=day.year not in self.years)

    def add_working_days(self, start: date, days: int) -> DueDay:
        """Count forward; the start day is not counted (N-13), the result is a working day (N-13)."""
        if days < 0:
            raise ValueError("working days to add are counted forward, from zero up")
        last, left, missing = start, days, set[int]()
        while left:
            last += ONE_DAY
            kind = self.is_working_day(last)
            left -= kind.working
            if kind.provisional:
                missing.add(last.year)
        return DueDay(last, bool(missing), tuple(sorted(missing)))

    def working_days_between(self, start: date, end: date) -> DayCount:
        """Count the working days after start up to and including end; zero if end is not later."""
        kinds = [self.is_working_day(day) for day in days_after(start, end)]
        missing = tuple(sorted({kind.day.year for kind in kinds if kind.provisional}))
        return DayCount(sum(kind.working for kind in kinds), bool(missing), missing)


def months_before(day: date, months: int) -> date:
    """Go back whole months; a day the month does not have becomes its last (31 August: 28 February)."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def days_after(start: date, end: date) -> Iterator[date]:
    """Give each day after start up to and including end."""
    for offset in range(1, (end - start).days + 1):
        yield start + timedelta(days=offset)


def _special_days(arrangement: Arrangement) -> dict[date, DayKind]:
    special: dict[date, DayKind] = {}
    for holiday in arrangement.days_off:
        if holiday.last < holiday.first:
            raise ValueError(f"{holiday.name} ends on {holiday.last}, before it begins on {holiday.first}")
        for day in days_after(holiday.first - ONE_DAY, holiday.last):
            special[day] = DayKind(day, False, DayReason.HOLIDAY, holiday.name)
    for day in arrangement.make_up_working_days:
        if day in special:
            raise ValueError(f"{day} is arranged both as a day off and as a working day")
        special[day] = DayKind(day, True, DayReason.MAKE_UP_DAY)
    return special
