"""A clock neither gains nor loses a day, whatever is done to it."""

import json
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared import clock
from shared.calendar import Calendar
from tests.unit.arrangements import ARRANGEMENT_2025, CALENDAR, VECTORS

STEPS = [
    (date.fromisoformat(day), n, due)
    for day, dues in VECTORS
    for n, due in zip((5, 15, 20), dues, strict=True)
]


def day(text: str) -> date:
    return date.fromisoformat(text)


@pytest.mark.parametrize(("accepted", "budget", "expected"), STEPS)
def test_a_clock_that_runs_through_is_due_by_the_calendar(
    accepted: date, budget: int, expected: str | None
) -> None:
    due = clock.due(clock.start(budget, accepted), CALENDAR)
    if expected is None:
        assert (due.provisional, due.missing_years) == (True, (2027,))
    else:
        assert (due.on, due.provisional) == (day(expected), False)


def test_a_pause_moves_the_due_day_by_the_working_days_that_ended_inside_it() -> None:
    running = clock.start(15, day("2026-11-20"))
    paused = clock.pause(running, day("2026-11-25"), "supplement")
    resumed = clock.resume(paused, day("2026-12-02"), "supplied")
    assert clock.due(running, CALENDAR).on == day("2026-12-11")
    assert clock.due(paused, CALENDAR).on is None
    assert clock.due(resumed, CALENDAR).on == day("2026-12-18")


def test_a_pause_over_a_weekend_costs_nothing() -> None:
    paused = clock.pause(clock.start(5, day("2026-11-25")), day("2026-11-28"))
    assert clock.due(clock.resume(paused, day("2026-11-30")), CALENDAR).on == day("2026-12-02")


def test_a_pause_and_a_resumption_on_one_day_change_nothing() -> None:
    running = clock.start(5, day("2026-11-23"))
    again = clock.resume(clock.pause(running, day("2026-11-25")), day("2026-11-25"))
    assert clock.due(again, CALENDAR) == clock.due(running, CALENDAR)
    assert clock.explain(again, CALENDAR, day("2026-11-30")).paused == ()


def test_a_restart_gives_the_whole_budget_again() -> None:
    paused = clock.pause(clock.start(15, day("2026-09-18")), day("2026-10-08"))
    restarted = clock.restart(paused, day("2026-11-20"))
    assert clock.due(restarted, CALENDAR).on == day("2026-12-11")


def test_an_extension_moves_the_due_day_by_its_working_days() -> None:
    extended = clock.extend(clock.start(5, day("2026-11-20")), 10, day("2026-11-26"), "检查未出")
    assert clock.due(extended, CALENDAR).on == day("2026-12-11")


def test_the_due_day_itself_is_in_time_and_the_next_is_not() -> None:
    running = clock.start(15, day("2026-11-20"))
    assert not clock.is_overdue(running, CALENDAR, day("2026-12-11"))
    assert clock.is_overdue(running, CALENDAR, day("2026-12-12"))


def test_remaining_is_zero_on_the_due_day_and_negative_after_it() -> None:
    running = clock.start(15, day("2026-11-20"))
    left = [
        clock.remaining(running, CALENDAR, day(on))
        for on in ("2026-11-20", "2026-12-10", "2026-12-11", "2026-12-15")
    ]
    assert left == [15, 1, 0, -2]


def test_a_clock_that_ran_out_before_its_pause_stays_overdue() -> None:
    paused = clock.pause(clock.start(5, day("2026-11-20")), day("2026-11-30"))
    assert clock.due(paused, CALENDAR).on == day("2026-11-27")
    assert clock.is_overdue(paused, CALENDAR, day("2026-11-30"))


def test_a_stopped_clock_keeps_its_due_day_and_its_lateness() -> None:
    running = clock.start(5, day("2026-11-20"))
    early, late = clock.stop(running, day("2026-11-24")), clock.stop(running, day("2026-11-30"))
    assert clock.due(early, CALENDAR).on == clock.due(late, CALENDAR).on == day("2026-11-27")
    assert not clock.is_overdue(early, CALENDAR, day("2026-12-30"))
    assert clock.is_overdue(late, CALENDAR, day("2026-12-30"))
    assert clock.remaining(early, CALENDAR, day("2026-12-30")) == 4


def test_a_year_that_is_loaded_later_corrects_the_due_day() -> None:
    running = clock.start(15, day("2025-12-25"))
    before = clock.due(running, Calendar.of([ARRANGEMENT_2025]))
    after = clock.due(running, CALENDAR)
    assert (before.on, before.missing_years) == (day("2026-01-15"), (2026,))
    assert (after.on, after.provisional) == (day("2026-01-16"), False)


def test_the_account_names_every_day_and_why() -> None:
    paused = clock.pause(clock.start(5, day("2026-09-18")), day("2026-09-23"), "supplement")
    resumed = clock.resume(paused, day("2026-09-28"))
    account = clock.explain(resumed, CALENDAR, day("2026-09-29"))
    assert [(d.day.day, d.counted, d.reason.value, d.used) for d in account.days] == [
        (18, False, "start_day", 0),
        (19, False, "weekend", 0),
        (20, True, "make_up_day", 1),
        (21, True, "working_day", 2),
        (22, True, "working_day", 3),
        (23, False, "paused", 3),
        (24, False, "paused", 3),
        (25, False, "holiday", 3),
        (26, False, "holiday", 3),
        (27, False, "holiday", 3),
        (28, True, "working_day", 4),
        (29, True, "working_day", 5),
    ]
    assert account.paused == (clock.Pause(day("2026-09-23"), day("2026-09-27"), "supplement"),)
    assert account.due.on == day("2026-09-29")
    assert [d.text_zh for d in account.days][7] == "中秋节"


def test_a_pause_that_goes_on_has_no_last_day() -> None:
    paused = clock.pause(clock.start(5, day("2026-11-20")), day("2026-11-23"), "supplement")
    assert clock.explain(paused, CALENDAR, day("2026-11-25")).paused == (
        clock.Pause(day("2026-11-23"), None, "supplement"),
    )


def test_a_clock_reads_back_what_it_wrote() -> None:
    running = clock.extend(clock.start(5, day("2026-11-20"), "accepted"), 2, day("2026-11-21"), "told")
    assert clock.from_json(json.loads(json.dumps(clock.to_json(running)))) == running


@pytest.mark.parametrize(
    "act",
    [
        lambda c: clock.resume(c, day("2026-11-23")),
        lambda c: clock.pause(clock.pause(c, day("2026-11-23")), day("2026-11-24")),
        lambda c: clock.pause(c, day("2026-11-19")),
        lambda c: clock.extend(c, 0, day("2026-11-23"), "none"),
        lambda c: clock.restart(clock.stop(c, day("2026-11-23")), day("2026-11-24")),
        lambda c: clock.start(0, day("2026-11-23")),
        lambda c: clock.from_json({"budget": 5, "acts": []}),
    ],
)
def test_an_act_that_makes_no_sense_is_refused(act: object) -> None:
    with pytest.raises(ValueError):
        act(clock.start(5, day("2026-11-20")))  # type: ignore[operator]


def test_a_day_is_the_day_in_shanghai() -> None:
    assert clock.shanghai_date(datetime(2026, 11, 20, 16, 0, tzinfo=UTC)) == day("2026-11-21")
    assert clock.shanghai_date(datetime(2026, 11, 20, 15, 59, tzinfo=UTC)) == day("2026-11-20")
    with pytest.raises(ValueError, match="zone"):
        clock.shanghai_date(datetime(2026, 11, 20))  # noqa: DTZ001


@dataclass(frozen=True)
class History:
    """A generated life: days on which the clock ended paused, and the acts that led there."""

    clock: clock.Clock
    begin: date
    paused_days: frozenset[date]


@st.composite
def histories(draw: st.DrawFn) -> History:
    begin = draw(st.dates(date(2025, 1, 1), date(2026, 6, 30)))
    running, on, paused_days = clock.start(draw(st.integers(1, 25)), begin), begin, set[date]()
    for wait, length in draw(st.lists(st.tuples(st.integers(0, 12), st.integers(0, 20)), max_size=5)):
        first = on + timedelta(days=wait)
        on = first + timedelta(days=length)
        running = clock.resume(clock.pause(running, first), on)
        paused_days |= {first + timedelta(days=n) for n in range(length)}
    return History(running, begin, frozenset(paused_days))


@settings(deadline=None)
@given(histories())
def test_no_pause_costs_or_gains_a_day(history: History) -> None:
    left, on = history.clock.budget, history.begin
    while left:
        on += timedelta(days=1)
        left -= bool(CALENDAR.is_working_day(on)) and on not in history.paused_days
    assert clock.due(history.clock, CALENDAR).on == on
    assert clock.remaining(history.clock, CALENDAR, on) == 0
    account = clock.explain(history.clock, CALENDAR, on)
    assert sum(d.counted for d in account.days) == history.clock.budget
    assert len(account.days) == (on - history.begin).days + 1


@settings(deadline=None)
@given(histories(), st.integers(0, 60), st.integers(0, 60))
def test_one_more_pause_moves_the_due_day_by_its_working_days_alone(
    history: History, wait: int, length: int
) -> None:
    last = history.clock.entries[-1].on
    first = last + timedelta(days=wait)
    before = clock.due(history.clock, CALENDAR).on
    after = clock.due(
        clock.resume(clock.pause(history.clock, first), first + timedelta(days=length)), CALENDAR
    ).on
    assert before is not None
    assert after is not None
    if first > before:
        assert after == before
        return
    paused = {first + timedelta(days=n) for n in range(length)} - {history.begin}
    shift = sum(bool(CALENDAR.is_working_day(on)) for on in paused)
    assert CALENDAR.add_working_days(before, shift).on == after
