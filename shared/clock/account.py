"""The account of a clock: when it runs out, what is left, and why each day was counted or not."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from itertools import pairwise, takewhile

from shared.calendar import ONE_DAY, Calendar, DayKind
from shared.clock.acts import Act, Clock


class Why(StrEnum):
    """Why a day of the account was counted or not."""

    WORKING_DAY = "working_day"
    MAKE_UP_DAY = "make_up_day"
    WEEKEND = "weekend"
    HOLIDAY = "holiday"
    START_DAY = "start_day"
    PAUSED = "paused"
    STOPPED = "stopped"


WHY_ZH = {
    Why.WORKING_DAY: "工作日",
    Why.MAKE_UP_DAY: "调休上班",
    Why.WEEKEND: "周末",
    Why.HOLIDAY: "节假日",
    Why.START_DAY: "起算当日不计",
    Why.PAUSED: "暂停计时",
    Why.STOPPED: "已办结",
}


@dataclass(frozen=True, slots=True)
class Due:
    """When a clock runs out; `on` is None while it is paused with days left."""

    on: date | None
    provisional: bool
    missing_years: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the account: whether it used up a working day, why, and how many are used up by then."""

    day: date
    counted: bool
    reason: Why
    name: str
    used: int
    provisional: bool

    @property
    def text_zh(self) -> str:
        """Say the reason to an applicant, with the name of the holiday."""
        return self.name or WHY_ZH[self.reason]


@dataclass(frozen=True, slots=True)
class Pause:
    """A paused stretch: from the first day that ended paused to the last; `last` is None while it goes on."""

    first: date
    last: date | None
    reason: str


@dataclass(frozen=True, slots=True)
class Account:
    """The whole count of a clock, day by day."""

    days: tuple[Day, ...]
    paused: tuple[Pause, ...]
    due: Due


def due(clock: Clock, calendar: Calendar) -> Due:
    """Work out the last day in time; a stopped clock keeps the due date it had when it was stopped."""
    lasting = _without_stop(clock)
    missing = set[int]()
    for day in _days(lasting, calendar):
        if day.provisional:
            missing.add(day.day.year)
        if day.used == lasting.total and day.day > lasting.started_on:
            return Due(day.day, bool(missing), tuple(sorted(missing)))
        if lasting.paused and day.day >= lasting.entries[-1].on:
            break
    return Due(None, bool(missing), tuple(sorted(missing)))


def remaining(clock: Clock, calendar: Calendar, today: date) -> int:
    """Tell the working days left after today, today taken as it stands: 0 on the due day, then below zero."""
    days = _days_until(clock, calendar, today)
    return clock.total - (days[-1].used if days else 0)


def is_overdue(clock: Clock, calendar: Calendar, today: date) -> bool:
    """Tell whether the due day has passed; for a stopped clock, whether it was stopped too late."""
    last = due(clock, calendar).on
    return last is not None and (clock.stopped_on or today) > last


def explain(clock: Clock, calendar: Calendar, until: date) -> Account:
    """Account for every day from the first start to `until` or the stop: counted or not, and why."""
    return Account(_days_until(clock, calendar, until), tuple(_pauses(clock)), due(clock, calendar))


def _without_stop(clock: Clock) -> Clock:
    return replace(clock, entries=clock.entries[:-1]) if clock.stopped_on else clock


def _days_until(clock: Clock, calendar: Calendar, until: date) -> tuple[Day, ...]:
    last = min(until, clock.stopped_on or until)
    return tuple(takewhile(lambda day: day.day <= last, _days(clock, calendar)))


def _days(clock: Clock, calendar: Calendar) -> Iterator[Day]:
    """Give every day from the first start on, without end."""
    coming = deque(entry for entry in clock.entries if entry.act is not Act.EXTEND)
    day, act, used = coming[0].on, Act.START, 0
    while True:
        begins = False
        while coming and coming[0].on <= day:
            act = coming.popleft().act
            begins = begins or act in {Act.START, Act.RESTART}
        used = 0 if begins else used
        kind = calendar.is_working_day(day)
        why = Why.START_DAY if begins else _why(kind, act)
        counted = why in {Why.WORKING_DAY, Why.MAKE_UP_DAY}
        used += counted
        yield Day(day, counted, why, kind.name, used, kind.provisional and not begins)
        day += ONE_DAY


def _why(kind: DayKind, act: Act) -> Why:
    if not kind.working:
        return Why(kind.reason.value)
    if act is Act.PAUSE:
        return Why.PAUSED
    return Why.STOPPED if act is Act.STOP else Why(kind.reason.value)


def _pauses(clock: Clock) -> Iterator[Pause]:
    turns = [entry for entry in clock.entries if entry.act is not Act.EXTEND]
    for entry, following in pairwise([*turns, None]):
        if entry is None or entry.act is not Act.PAUSE:
            continue
        last = following.on - ONE_DAY if following else None
        if last is None or last >= entry.on:
            yield Pause(entry.on, last, entry.reason)
