"""When an application may go: counted by the calendar, never a day too early."""

from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.retaining import (
    Kind,
    Overview,
    Run,
    due_on,
    ended_before,
    kind_of,
    may_be_erased,
    uploaded_before,
)
from shared.clock import SHANGHAI
from shared.contracts.retention import Disposal, Retention
from shared.errors import Refused
from tests.support.intake import NOON, a_policy, a_retention

FROM_THE_END = {"counted_from": "end"}


def retention(**changes):
    return Retention.model_validate(a_retention(**changes))


def on(day):
    return datetime(day.year, day.month, day.day, 12, tzinfo=SHANGHAI)


@pytest.mark.parametrize(
    ("ended", "changes", "kind", "due"),
    [
        (date(2026, 9, 18), {}, Kind.DETERMINATION, date(2037, 1, 1)),
        (date(2026, 1, 1), {}, Kind.DETERMINATION, date(2037, 1, 1)),
        (date(2026, 12, 31), {}, Kind.DETERMINATION, date(2037, 1, 1)),
        (date(2026, 9, 18), {}, Kind.UNDECIDED, date(2030, 1, 1)),
        (date(2026, 9, 18), {"determination_years": 30}, Kind.DETERMINATION, date(2057, 1, 1)),
        (date(2026, 9, 18), FROM_THE_END, Kind.DETERMINATION, date(2036, 9, 19)),
        (date(2024, 2, 29), FROM_THE_END, Kind.DETERMINATION, date(2034, 3, 1)),
        (date(2024, 2, 29), {"determination_years": 4, **FROM_THE_END}, Kind.DETERMINATION, date(2028, 3, 1)),
        (
            date(2026, 2, 28),
            {"determination_years": 2, **FROM_THE_END},
            Kind.DETERMINATION,
            date(2028, 2, 29),
        ),
    ],
)
def test_the_first_day_on_which_it_may_go(ended, changes, kind, due):
    assert due_on(retention(**changes), kind, on(ended)) == due


def test_the_year_is_that_of_shanghai():
    last_moment = datetime(2026, 12, 31, 15, 59, 59, tzinfo=UTC)
    assert due_on(retention(), Kind.DETERMINATION, last_moment) == date(2037, 1, 1)
    assert due_on(retention(), Kind.DETERMINATION, last_moment + timedelta(seconds=1)) == date(2038, 1, 1)


@given(
    ended=st.dates(date(2020, 1, 1), date(2032, 12, 31)),
    day=st.dates(date(2024, 1, 1), date(2050, 12, 31)),
    years=st.integers(1, 12),
    counted_from=st.sampled_from(["end", "next_year"]),
)
def test_looking_from_a_day_finds_what_counting_from_the_end_says(ended, day, years, counted_from):
    kept = retention(determination_years=years, counted_from=counted_from)
    for moment in (on(ended) - timedelta(hours=12), on(ended) + timedelta(hours=12, seconds=-1)):
        is_due = due_on(kept, Kind.DETERMINATION, moment) <= day
        assert (moment < ended_before(kept, Kind.DETERMINATION, day)) is is_due


def test_a_period_is_a_year_at_least():
    with pytest.raises(ValueError, match="greater than or equal to 1"):
        retention(determination_years=0)


def test_an_upload_stays_as_long_as_the_most_patient_region_wants():
    policies = [a_policy(), a_policy(retention=a_retention(unused_upload_days=90))]
    assert uploaded_before(policies, date(2026, 11, 22)) == datetime(2026, 8, 24, tzinfo=SHANGHAI)


def test_what_was_withdrawn_is_no_determination():
    kinds = {status: kind_of(status) for status in ("approved", "rejected", "withdrawn")}
    undecided = [status for status, kind in kinds.items() if kind is Kind.UNDECIDED]
    assert undecided == ["withdrawn"]


def test_a_person_is_erased_when_nothing_of_theirs_is_kept_or_archived():
    assert may_be_erased([Disposal.ERASE, Disposal.ERASE])
    assert not may_be_erased([Disposal.ERASE, None])
    assert not may_be_erased([Disposal.ERASE, Disposal.ARCHIVE])


def test_another_person_agrees_and_only_once():
    asked = Run(UUID(int=1), "due", "operator", NOON)
    with pytest.raises(Refused, match="four-eyes"):
        asked.require_another("operator")
    asked.require_another("supervisor")
    with pytest.raises(Refused, match="retention-not-agreed"):
        asked.require_approval()
    with pytest.raises(Refused, match="retention-agreed"):
        Run(UUID(int=1), "due", "operator", NOON, "supervisor").require_another("auditor")


def test_nobody_asks_for_nothing():
    with pytest.raises(Refused, match="nothing-due"):
        Overview(on=date(2026, 9, 18), held=(), unused_uploads=0, papers_leaving=0).require_something()
