"""Receipt, acceptance and requests for material set the clock as the policy says."""

from dataclasses import replace
from datetime import UTC, date, datetime, time

import pytest

from services.review import domain
from services.review.domain import Status
from shared import clock
from shared.calendar import Calendar
from shared.contracts.applications import MaterialSupplied
from shared.contracts.cases import Stage
from shared.contracts.deadlines import ClockStart, OnSupplement
from shared.errors import Refused
from tests.support.cases import FIRST, OFFICER, Story, an_officer, at_final, at_first, some_items, some_rules
from tests.support.private import told
from tests.support.samples import NOON
from tests.unit.arrangements import ARRANGEMENT_2026, CALENDAR

ONLY_2026 = Calendar.of([ARRANGEMENT_2026])


def test_a_new_case_waits_for_acceptance_five_working_days():
    story = Story()
    assert (story.case.status, story.case.stage) == (Status.WAITING, Stage.ACCEPTANCE)
    assert story.last.received_on == date(2026, 9, 18)
    assert story.last.acceptance_due_on == date(2026, 9, 24)


def test_the_day_of_receipt_is_the_day_in_shanghai():
    story = Story(occurred_at=datetime(2026, 9, 17, 16, 30, tzinfo=UTC))
    assert story.last.received_on == date(2026, 9, 18)


def test_acceptance_starts_the_main_clock_on_its_day():
    story = at_first()
    assert (story.last.clock_started_on, story.last.due_on) == (date(2026, 9, 18), date(2026, 10, 15))
    assert story.last.budget_working_days == 15
    assert story.case.acceptance_clock.stopped_on == date(2026, 9, 18)


def test_the_main_clock_counts_from_receipt_where_the_policy_says_so():
    story = Story(some_rules(clock_start=ClockStart.SUBMISSION)).later(days=5).accept()
    assert (story.last.clock_started_on, story.last.due_on) == (date(2026, 9, 18), date(2026, 10, 15))


def test_a_clock_from_receipt_keeps_the_pause_before_acceptance():
    story = Story(some_rules(clock_start=ClockStart.SUBMISSION))
    story.later(days=2).ask(OFFICER).later(days=4).supply().accept()
    paused = domain.due_of(story.case, CALENDAR).on
    assert paused == CALENDAR.add_working_days(date(2026, 10, 15), 4).on


def test_an_acceptance_after_hours_counts_on_the_next_working_day():
    rules = some_rules(closes_at=time(17))
    assert Story(rules).later(hours=4.9).accept().last.clock_started_on == date(2026, 9, 18)
    assert Story(rules).later(hours=5).accept().last.clock_started_on == date(2026, 9, 20)


def test_a_missing_calendar_year_makes_the_due_date_provisional_and_stops_nothing():
    story = Story(calendar=ONLY_2026, occurred_at=datetime(2026, 12, 24, 4, tzinfo=UTC))
    story.now = datetime(2026, 12, 24, 4, tzinfo=UTC)
    story.accept()
    assert story.last.due_provisional
    assert domain.due_of(story.case, ONLY_2026).missing_years == (2027,)


def test_a_request_pauses_the_clock_and_tells_until_when_to_answer():
    story = at_first().ask(FIRST, "test_report", "discharge_record")
    assert story.case.status is Status.ASKED
    assert story.last.clock_paused_on == date(2026, 9, 18)
    assert story.last.answer_due_on == CALENDAR.add_working_days(date(2026, 9, 18), 10).on
    assert domain.due_of(story.case, CALENDAR).on is None


def test_an_answer_returns_the_case_to_the_stage_that_asked_and_moves_the_due_date_by_the_pause():
    story = at_final()
    asker = an_officer("final-2", "final_reviewer")
    story.ask(asker).later(days=6).supply()
    assert (story.case.status, story.case.stage) == (Status.WAITING, Stage.FINAL)
    assert story.last.clock_resumed_on == date(2026, 9, 24)
    waited = CALENDAR.working_days_between(date(2026, 9, 17), date(2026, 9, 23)).days
    assert story.last.due_on == CALENDAR.add_working_days(date(2026, 10, 15), waited - 1).on


def test_the_clock_runs_on_during_a_request_where_the_policy_says_so():
    story = at_first(some_rules(on_supplement=OnSupplement.RUN)).ask(FIRST)
    assert story.last.clock_paused_on is None
    story.later(days=6).supply()
    assert (story.last.clock_resumed_on, story.last.due_on) == (None, date(2026, 10, 15))


def test_the_clock_begins_again_after_a_request_where_the_policy_says_so():
    story = at_first(some_rules(on_supplement=OnSupplement.RESTART)).ask(FIRST).later(days=6).supply()
    assert story.last.due_on == CALENDAR.add_working_days(date(2026, 9, 24), 15).on
    assert story.case.clock.started_on == date(2026, 9, 24)


def test_an_answer_given_before_midnight_counts_on_its_day_however_late_it_is_read():
    story = at_first().ask(FIRST).later(days=3)
    supplied_at = story.now
    story.later(days=2)
    supplied = domain.resume(story.case, a_supplement(story, supplied_at), story.rules, CALENDAR, story.now)
    assert supplied[0].clock_resumed_on == date(2026, 9, 21)


def a_supplement(story, at, number=1):
    return told(
        MaterialSupplied, application_id=story.application_id, round=number, materials=[], occurred_at=at
    )


def test_an_answer_to_another_round_moves_nothing():
    story = at_first().ask(FIRST)
    assert domain.resume(story.case, a_supplement(story, NOON, 2), story.rules, CALENDAR, NOON) == []


def test_an_answer_that_nobody_awaits_moves_nothing():
    story = at_first()
    assert domain.resume(story.case, a_supplement(story, NOON), story.rules, CALENDAR, NOON) == []


def test_material_is_asked_for_as_often_as_the_policy_allows():
    story = at_first().ask(FIRST).supply()
    with pytest.raises(Refused, match="rounds-used-up"):
        story.ask(FIRST)
    more = at_first(some_rules(request_rounds=2)).ask(FIRST).supply().ask(FIRST)
    assert more.last.round == 2


def test_a_request_names_each_kind_once_and_at_least_one():
    story = at_first()
    for items, code in (([], "items-missing"), (some_items("test_report", "test_report"), "item-twice")):
        with pytest.raises(Refused) as caught:
            story.act(domain.request_material, FIRST, items)
        assert (caught.value.code, caught.value.status) == (code, 422)


def test_remaining_days_and_overdue_are_worked_out_when_they_are_read():
    case = at_first().case
    on_the_day = domain.standing(case, CALENDAR, datetime(2026, 10, 15, 4, tzinfo=UTC))
    the_day_after = domain.standing(case, CALENDAR, datetime(2026, 10, 16, 4, tzinfo=UTC))
    assert (on_the_day.remaining, on_the_day.overdue) == (0, False)
    assert (the_day_after.remaining, the_day_after.overdue) == (-1, True)


def test_a_clock_never_steps_back_when_two_machines_disagree_about_midnight():
    story = at_first().ask(FIRST)
    early = a_supplement(story, NOON.replace(day=16))
    (resumed,) = domain.resume(story.case, early, story.rules, CALENDAR, NOON)
    assert resumed.clock_resumed_on == date(2026, 9, 18)


def test_the_main_clock_shares_nothing_with_acceptance_when_it_counts_from_acceptance():
    story = Story().ask(OFFICER).later(days=6).supply().later(days=1).accept()
    fresh = clock.start(15, date(2026, 9, 25))
    assert clock.due(story.case.clock, CALENDAR) == clock.due(fresh, CALENDAR)
    assert replace(story.case).main_clock is not None
