"""The acts on a clock: what happened to a deadline, in order, and nothing worked out from it."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta, timezone
from enum import StrEnum
from typing import TypedDict

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")


class Act(StrEnum):
    """What happened to a clock."""

    START = "start"
    PAUSE = "pause"
    RESUME = "resume"
    RESTART = "restart"
    EXTEND = "extend"
    STOP = "stop"


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


def to_json(clock: Clock) -> ClockJson:
    """Write a clock as plain JSON types."""
    acts: list[ActJson] = [
        {"act": e.act.value, "on": e.on.isoformat(), "days": e.days, "reason": e.reason}
        for e in clock.entries
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
