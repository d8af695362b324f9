"""The calendar counts working days as the State Council arranged them, and says when it does not know."""

from datetime import date, timedelta
from itertools import product

import chinese_calendar  # type: ignore[import-untyped]
import pytest

from shared.calendar import Calendar, DayReason, DaysOff, YearArrangement, months_before
from tests.unit.arrangements import ARRANGEMENT_2025, ARRANGEMENT_2026, CALENDAR, VECTORS

STEPS = [
    (date.fromisoformat(day), n, due)
    for day, dues in VECTORS
    for n, due in zip((5, 15, 20), dues, strict=True)
]


@pytest.mark.parametrize(("accepted", "days", "expected"), STEPS)
def test_a_due_day_is_the_one_the_arrangement_gives(accepted: date, days: int, expected: str | None) -> None:
    due = CALENDAR.add_working_days(accepted, days)
    if expected is None:
        assert due.provisional
        assert due.missing_years == (2027,)
    else:
        assert (due.on.isoformat(), due.provisional, due.missing_years) == (expected, False, ())


def test_every_day_of_two_years_agrees_with_chinesecalendar() -> None:
    days = [date(2025, 1, 1) + timedelta(days=offset) for offset in range(730)]
    assert [
        day for day in days if bool(CALENDAR.is_working_day(day)) != chinese_calendar.is_workday(day)
    ] == []
    assert not any(CALENDAR.is_working_day(day).provisional for day in days)


@pytest.mark.parametrize("year", [2025, 2026])
def test_each_loaded_year_has_248_working_days(year: int) -> None:
    assert CALENDAR.working_days_between(date(year - 1, 12, 31), date(year, 12, 31)).days == 248


def test_a_day_tells_why_it_counts_or_not() -> None:
    kinds = [
        CALENDAR.is_working_day(date(2026, month, day))
        for month, day in ((10, 1), (10, 10), (10, 11), (10, 12))
    ]
    assert [(kind.working, kind.reason, kind.name) for kind in kinds] == [
        (False, DayReason.HOLIDAY, "国庆节"),
        (True, DayReason.MAKE_UP_DAY, ""),
        (False, DayReason.WEEKEND, ""),
        (True, DayReason.WORKING_DAY, ""),
    ]


def test_a_missing_year_is_counted_by_weekends_and_named() -> None:
    due = CALENDAR.add_working_days(date(2026, 12, 30), 5)
    assert due.on == date(2027, 1, 6)
    assert due.provisional
    assert due.missing_years == (2027,)


def test_a_count_across_two_missing_years_names_both() -> None:
    count = CALENDAR.working_days_between(date(2026, 12, 31), date(2028, 1, 3))
    assert count.missing_years == (2027, 2028)
    assert count.provisional


def test_a_count_that_ends_with_the_last_loaded_day_is_not_provisional() -> None:
    assert not CALENDAR.add_working_days(date(2026, 12, 10), 15).provisional


def test_a_notice_may_give_days_off_at_the_end_of_the_year_before() -> None:
    spilling = YearArrangement(2027, "test", (DaysOff("元旦", date(2026, 12, 31), date(2027, 1, 2)),))
    calendar = Calendar.of([ARRANGEMENT_2026, spilling])
    assert calendar.is_working_day(date(2026, 12, 31)).name == "元旦"


def test_a_regions_own_holiday_wins_over_the_national_day() -> None:
    own = YearArrangement(2026, "test", (DaysOff("火把节", date(2026, 8, 6), date(2026, 8, 7)),))
    calendar = Calendar.of([ARRANGEMENT_2026], [own])
    assert not calendar.is_working_day(date(2026, 8, 6))
    assert calendar.is_working_day(date(2026, 8, 6)).name == "火把节"
    assert not calendar.is_working_day(date(2026, 8, 6)).provisional


def test_a_regions_addition_does_not_load_a_year() -> None:
    own = YearArrangement(2027, "test", (DaysOff("火把节", date(2027, 7, 27), date(2027, 7, 28)),))
    assert Calendar.of([ARRANGEMENT_2026], [own]).is_working_day(date(2027, 7, 29)).provisional


def test_a_year_that_is_arranged_twice_is_refused() -> None:
    with pytest.raises(ValueError, match="2025 is arranged twice"):
        Calendar.of([ARRANGEMENT_2025, ARRANGEMENT_2025])


def test_a_day_both_off_and_working_is_refused() -> None:
    broken = YearArrangement(
        2025, "x", (DaysOff("元旦", date(2025, 1, 1), date(2025, 1, 1)),), (date(2025, 1, 1),)
    )
    with pytest.raises(ValueError, match="2025-01-01"):
        Calendar.of([broken])


def test_a_holiday_that_ends_before_it_begins_is_refused() -> None:
    broken = YearArrangement(2025, "x", (DaysOff("元旦", date(2025, 1, 2), date(2025, 1, 1)),))
    with pytest.raises(ValueError, match="元旦"):
        Calendar.of([broken])


def test_counting_back_is_refused() -> None:
    with pytest.raises(ValueError, match="forward"):
        CALENDAR.add_working_days(date(2026, 1, 1), -1)


def test_adding_and_counting_between_are_inverse() -> None:
    first = date(2025, 1, 1)
    for offset, days in product(range(0, 640, 13), (1, 5, 15, 20)):
        begin = first + timedelta(days=offset)
        assert CALENDAR.working_days_between(begin, CALENDAR.add_working_days(begin, days).on).days == days


@pytest.mark.parametrize(
    ("day", "months", "expected"),
    [
        ("2026-08-31", 6, "2026-02-28"),
        ("2026-03-15", 6, "2025-09-15"),
        ("2026-01-31", 1, "2025-12-31"),
        ("2026-12-31", 24, "2024-12-31"),
    ],
)
def test_months_are_whole_months_back(day: str, months: int, expected: str) -> None:
    assert months_before(date.fromisoformat(day), months) == date.fromisoformat(expected)
