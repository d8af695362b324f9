"""A deadline in working days that can be paused, restarted and extended without gaining or losing a day; pure.

The rule: a working day is used up if it lies after the start day (N-13) and the clock was running when the day ended
(24:00, Asia/Shanghai). So the day of a pause is not used up, the day of a resumption is, and a pause moves the due
date by exactly the working days that ended inside it. Nothing but the acts is stored: what is used up and when the
clock runs out are worked out from them and a calendar, so a year that is loaded later corrects every clock.
"""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from itertools import pairwise, takewhile
from typing import TypedDict

from shared.calendar import ONE_DAY, Calendar, DayKind

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


class Act(StrEnum):
    """What happened to a clock."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    RESTART = "restart"
    EXTEND = "extend"
    STOP = "stop"


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


class ActJson(TypedDict):
    """One act as plain JSON; `on` is an ISO date, `days` is zero except for an extension."""

    act: str
    on: str
    days: int
    reason: str


class ClockJson(TypedDict):
    """A clock as plain JSON; the budget is in working days."""

    budget: int
    acts: list[ActJson]


@dataclass(frozen=True, slots=True)
class Entry:
    """One act on one day, with its reason in words or as a code."""

    act: Act
    on: date
    days: int = 0
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Clock:
    """A budget of working days and every act on it, in order."""

    budget: int
    entries: tuple[Entry, ...]

    @property
    def started_on(self) -> date:
        """The day of the start or of the last restart; it is not counted."""
        return next(e.on for e in reversed(self.entries) if e.act in {Act.START, Act.RESTART})

    @property
    def running_since(self) -> date | None:
        """The day on which the running stretch began; None while paused or stopped."""
        turns = [e for e in self.entries if e.act is not Act.EXTEND]
        return turns[-1].on if turns[-1].act in {Act.START, Act.RESUME, Act.RESTART} else None

    @property
    def paused(self) -> bool:
        return self.running_since is None and not self.stopped_on

    @property
    def stopped_on(self) -> date | None:
        return self.entries[-1].on if self.entries[-1].act is Act.STOP else None

    @property
    def total(self) -> int:
        """The budget with extensions, in working days."""
        return self.budget + sum(e.days for e in self.entries)


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


def shanghai_date(now: datetime) -> date:
    """Give the calendar day in Asia/Shanghai of an aware time; ValueError for a naive one."""
    if now.tzinfo is None:
        raise ValueError("a time without its zone has no day")
    return now.astimezone(SHANGHAI).date()


def start(budget: int, on: date, reason: str = "") -> Clock:
    """Start a clock of some working days; the start day is not counted (N-13)."""
    if budget < 1:
        raise ValueError("a clock needs at least one working day")
    return Clock(budget, (Entry(Act.START, on, reason=reason),))


def pause(clock: Clock, on: date, reason: str = "") -> Clock:
    """Pause a running clock; the day itself is not used up."""
    _require(clock.running_since is not None, "only a running clock can be paused")
    return _with(clock, Entry(Act.PAUSE, on, reason=reason))


def resume(clock: Clock, on: date, reason: str = "") -> Clock:
    """Let a paused clock run on; the day itself is used up if it is a working day."""
    _require(clock.paused, "only a paused clock can be resumed")
    return _with(clock, Entry(Act.RESUME, on, reason=reason))


def restart(clock: Clock, on: date, reason: str = "") -> Clock:
    """Begin again with the whole budget, running or paused before; the day itself is not counted."""
    return _with(clock, Entry(Act.RESTART, on, reason=reason))


def extend(clock: Clock, days: int, on: date, reason: str) -> Clock:
    """Add working days to the budget (N-12 allows one extension, which is the caller's rule)."""
    _require(days > 0, "an extension adds at least one working day")
    return _with(clock, Entry(Act.EXTEND, on, days, reason))


def stop(clock: Clock, on: date, reason: str = "") -> Clock:
    """End the clock for good; the day itself is not used up."""
    return _with(clock, Entry(Act.STOP, on, reason=reason))


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


def to_json(clock: Clock) -> ClockJson:
    """Write a clock as plain JSON types."""
    acts: list[ActJson] = [
        {"act": e.act.value, "on": e.on.isoformat(), "days": e.days, "reason": e.reason} for e in clock.entries
    ]
    return {"budget": clock.budget, "acts": acts}


def from_json(value: ClockJson) -> Clock:
    """Read what `to_json` wrote; KeyError or ValueError for anything else."""
    entries = tuple(
        Entry(Act(a["act"]), date.fromisoformat(a["on"]), a["days"], a["reason"]) for a in value["acts"]
    )
    _require(bool(entries) and entries[0].act is Act.START, "a clock begins with its start")
    return Clock(value["budget"], entries)


def _require(holds: bool, rule: str) -> None:
    if not holds:
        raise ValueError(rule)


def _with(clock: Clock, entry: Entry) -> Clock:
    _require(clock.stopped_on is None, "a stopped clock stays as it is")
    _require(entry.on >= clock.entries[-1].on, "an act on a clock is never earlier than the one before it")
    return replace(clock, entries=(*clock.entries, entry))


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
