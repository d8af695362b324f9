"""Where applications are taken in windows of the year, nobody hands one in outside of them in vain."""

from datetime import date

import pytest

from services.intake.domain.windows import opens_on
from shared.contracts.guidance import IntakeWindow
from shared.contracts.policies import RegionPolicy
from tests.support.intake import a_policy, said


def a_window(opens: str, closes: str) -> IntakeWindow:
    unknown = {"unknown": True, "src": "test", "grade": "R"}
    return IntakeWindow(id=f"from-{opens}", opens=opens, closes=closes, effective=unknown)


def windowed(*windows: tuple[str, str], mode: str = "windows") -> RegionPolicy:
    return a_policy(intake_mode=said(mode), intake_windows=[a_window(*window) for window in windows])


SPRING_AND_AUTUMN = windowed(("01-01", "03-31"), ("09-01", "09-30"))


@pytest.mark.parametrize(
    ("today", "opening"),
    [
        ("2026-01-01", None),
        ("2026-03-31", None),
        ("2026-04-01", "2026-09-01"),
        ("2026-09-30", None),
        ("2026-10-01", "2027-01-01"),
        ("2026-12-31", "2027-01-01"),
    ],
)
def test_a_new_application_waits_for_the_next_window(today: str, opening: str | None) -> None:
    found = opens_on(SPRING_AND_AUTUMN, "new", date.fromisoformat(today))
    assert found == (date.fromisoformat(opening) if opening else None)


@pytest.mark.parametrize(
    ("today", "taken"), [("2026-12-15", True), ("2027-01-20", True), ("2027-02-01", False)]
)
def test_a_window_may_reach_over_the_new_year(today: str, taken: bool) -> None:
    found = opens_on(windowed(("12-01", "01-31")), "new", date.fromisoformat(today))
    assert (found is None) is taken


def test_a_window_that_begins_on_a_leap_day_begins_in_march_of_other_years() -> None:
    assert opens_on(windowed(("02-29", "03-05")), "new", date(2026, 2, 27)) == date(2026, 3, 1)


@pytest.mark.parametrize(
    ("window", "today", "opening"),
    [
        (("02-01", "02-30"), "2026-02-28", None),
        (("02-01", "02-30"), "2026-03-01", "2027-02-01"),
        (("02-01", "02-30"), "2028-02-29", None),
        (("06-01", "06-31"), "2026-06-30", None),
        (("06-01", "06-31"), "2026-07-01", "2027-06-01"),
        (("06-31", "07-15"), "2026-06-29", "2026-06-30"),
        (("02-31", "03-15"), "2026-02-27", "2026-02-28"),
    ],
)
def test_a_day_that_its_month_does_not_have_is_the_last_of_the_month(window, today, opening) -> None:
    found = opens_on(windowed(window), "new", date.fromisoformat(today))
    assert found == (date.fromisoformat(opening) if opening else None)


@pytest.mark.parametrize(
    ("today", "opening"),
    [("2026-02-28", None), ("2026-03-01", "2027-02-01"), ("2028-02-29", None), ("2028-03-01", "2029-02-01")],
)
def test_a_window_that_ends_on_a_leap_day_ends_in_february_of_other_years(today, opening) -> None:
    found = opens_on(windowed(("02-01", "02-29")), "new", date.fromisoformat(today))
    assert found == (date.fromisoformat(opening) if opening else None)


def test_a_window_of_the_leap_day_alone_is_one_day_of_other_years() -> None:
    leap_day = windowed(("02-29", "02-29"))
    assert opens_on(leap_day, "new", date(2026, 2, 28)) == date(2026, 3, 1)
    assert opens_on(leap_day, "new", date(2026, 3, 1)) is None
    assert opens_on(leap_day, "new", date(2026, 3, 2)) == date(2027, 3, 1)


@pytest.mark.parametrize("application_type", ["renewal", "change", "institution_change"])
def test_what_is_no_new_application_waits_for_no_window(application_type: str) -> None:
    assert opens_on(SPRING_AND_AUTUMN, application_type, date(2026, 5, 1)) is None


def test_where_applications_are_taken_all_year_a_listed_window_closes_nothing() -> None:
    assert opens_on(windowed(("01-01", "03-31"), mode="rolling"), "new", date(2026, 5, 1)) is None
