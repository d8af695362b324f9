"""Which version of a policy binds a case: its own, except in the parts that the newest in force wants."""

from datetime import date

import pytest

from services.review import domain
from services.review.domain import Ground, MovedBy, Rulebook
from services.review.domain.rules import FIELDS
from shared.calendar import Calendar
from shared.contracts.calendars import CalendarYear, HolidaySpan
from shared.contracts.cases import NewerParts, Outcome
from shared.contracts.deadlines import Follows, InFlightRule, OnSupplement, PolicyPart
from shared.contracts.sourced import Grade, Sourced
from tests.support.cases import FINAL, FIRST, NOON, Story, at_final, at_first, opinion_rule, some_rules
from tests.support.intake import a_policy
from tests.unit.arrangements import CALENDAR

TODAY = date(2026, 9, 18)
FAIR = CalendarYear(
    year=2026,
    source="made up for tests",
    days_off=(HolidaySpan(name="艺博会", first=date(2026, 9, 21), last=date(2026, 9, 25)),),
)
NEWER = {
    PolicyPart.DEADLINES: {"sla_working_days": 10, "on_supplement": OnSupplement.RUN},
    PolicyPart.REVIEW: {"request_rounds": 2, "expert_quorum": 1},
    PolicyPart.MATERIALS: {"needed_for_decision": (opinion_rule(),)},
    PolicyPart.REASONS: {"reasons": {"NEW": "新的理由"}},
    PolicyPart.REMEDY: {"remedy": "新的救济途径。"},
    PolicyPart.CALENDAR: {"calendar_additions": (FAIR,)},
}


def newest(*follows: PolicyPart, **changes):
    """The second version, other than the first in every part."""
    parts = {name: value for part in NEWER.values() for name, value in part.items()}
    return some_rules(version=2, follows=frozenset(follows), **{**parts, **changes})


def bound(*follows: PolicyPart, **changes):
    """What binds a case of the first version."""
    return Rulebook.of([some_rules(), newest(*follows, **changes)], []).rules("panzhihua", 1, TODAY)


def test_every_part_is_pinned_unless_the_newest_version_says_otherwise():
    assert bound() == some_rules()


@pytest.mark.parametrize("part", PolicyPart)
def test_a_part_that_follows_comes_from_the_newest_version_and_no_other_part_does(part):
    found, pinned, new = bound(part), some_rules(), newest(part)
    for other, names in FIELDS.items():
        wanted = new if other is part else pinned
        assert [getattr(found, name) for name in names] == [getattr(wanted, name) for name in names]
    assert found.version == 1
    assert (found.newer_version, found.newer_parts) == (2, {part})


def test_a_version_binds_nobody_before_it_is_in_force():
    book = Rulebook.of([some_rules(), newest(*PolicyPart, effective_from=date(2026, 9, 19))], [])
    assert book.rules("panzhihua", 1, TODAY) == some_rules()
    assert book.rules("panzhihua", 1, date(2026, 9, 19)).newer_version == 2


def test_what_the_pinned_version_says_of_applications_in_flight_does_not_matter():
    pinned = some_rules(follows=frozenset(PolicyPart))
    assert Rulebook.of([pinned, newest()], []).rules("panzhihua", 1, TODAY) == pinned


def test_a_case_of_the_newest_version_takes_nothing_from_older_ones():
    book = Rulebook.of([some_rules(follows=frozenset(PolicyPart)), newest()], [])
    assert book.rules("panzhihua", 2, TODAY) == newest()


def test_a_part_that_says_the_same_is_not_counted_as_newer():
    assert bound(PolicyPart.REMEDY, remedy=some_rules().remedy).newer_parts == set()


def test_the_limit_of_acceptance_alone_makes_no_part_newer():
    other = some_rules(version=2, follows=frozenset(PolicyPart), acceptance_working_days=2)
    rules = Rulebook.of([some_rules(), other], []).rules("panzhihua", 1, TODAY)
    assert rules == some_rules()
    assert at_first(rules).last.newer is None


def test_the_policy_says_which_parts_follow():
    rule = InFlightRule(
        part=PolicyPart.REASONS, follows=Sourced(v=Follows.NEWEST, src="test", grade=Grade.UNVERIFIED)
    )
    policy = a_policy(in_flight=[rule.model_dump(mode="json")])
    assert domain.rules_of(policy).follows == {PolicyPart.REASONS}
    assert domain.rules_of(policy).effective_from == policy.effective_from


def newer(*parts: PolicyPart) -> NewerParts:
    return NewerParts(policy_version=2, parts=parts)


def test_an_act_names_the_newer_parts_that_it_applied_and_no_others():
    rules = bound(*PolicyPart)
    accepted = at_first(rules).last
    assert (accepted.policy_version, accepted.budget_working_days) == (1, 10)
    assert accepted.newer == newer(PolicyPart.DEADLINES, PolicyPart.CALENDAR)
    story = at_first(rules).ask(FIRST)
    assert story.last.newer == newer(PolicyPart.DEADLINES, PolicyPart.REVIEW, PolicyPart.CALENDAR)
    assert story.last.clock_paused_on is None
    assert story.supply().last.newer == newer(PolicyPart.DEADLINES, PolicyPart.CALENDAR)
    assert at_first(rules).forward().last.newer == newer(PolicyPart.REVIEW)


def test_a_rejection_names_reasons_and_remedy_and_an_approval_the_papers():
    rules = bound(PolicyPart.REASONS, PolicyPart.REMEDY, PolicyPart.MATERIALS, needed_for_decision=())
    ground = Ground("NEW", "新的。")
    rejected = at_final(rules).decide(FINAL, Outcome.REJECTED, ground).last
    assert (rejected.policy_version, rejected.remedy) == (1, "新的救济途径。")
    assert [reason.text for reason in rejected.reasons] == ["新的理由"]
    assert rejected.newer == newer(PolicyPart.REASONS, PolicyPart.REMEDY)
    needed = some_rules(needed_for_decision=(opinion_rule(),))
    back = Rulebook.of([needed, some_rules(version=2, follows=frozenset({PolicyPart.MATERIALS}))], [])
    approved = at_final(back.rules("panzhihua", 1, TODAY)).decide().last
    assert approved.newer == newer(PolicyPart.MATERIALS)


def test_an_act_under_its_own_version_names_none():
    assert at_first().last.newer is None
    assert at_final().decide().last.newer is None


def test_the_acceptance_limit_is_that_of_the_pinned_version_and_its_days_those_that_follow():
    follows = (PolicyPart.CALENDAR, PolicyPart.DEADLINES)
    book = Rulebook.of([some_rules(), newest(*follows, acceptance_working_days=2)], [])
    rules = book.rules("panzhihua", 1, TODAY)
    assert book.first_due(rules, TODAY).on == date(2026, 10, 2)


def corrected(story: Story, calendar: Calendar, by: MovedBy | None = None):
    return domain.correct_due(story.case, calendar, by or MovedBy(2026, 2), NOON)


WITH_FAIR = Calendar.of([FAIR])


def test_a_moved_holiday_moves_the_clock_of_acceptance_and_of_the_decision():
    for story in (Story(), at_first()):
        (event,) = corrected(story, WITH_FAIR)
        assert event.due_before == story.case.due_on
        assert event.due_on != event.due_before
        assert (event.calendar_year, event.calendar_version, event.policy_version) == (2026, 2, None)
        after = domain.evolve(story.case, event)
        assert (after.due_on, after.due_provisional) == (event.due_on, event.due_provisional)
        assert domain.correct_due(after, WITH_FAIR, MovedBy(2026, 2), NOON) == []


def test_the_clock_of_an_asked_case_is_corrected_while_it_runs_and_its_answer_day_never():
    story = at_first(some_rules(on_supplement=OnSupplement.RUN)).ask(FIRST)
    (event,) = corrected(story, WITH_FAIR)
    assert domain.evolve(story.case, event).asked == story.case.asked


def test_a_paused_or_ended_clock_is_not_corrected():
    assert corrected(at_first().ask(FIRST), WITH_FAIR) == []
    assert corrected(at_final().decide(), WITH_FAIR) == []


def test_a_day_that_is_uncertain_now_is_stated_as_provisional():
    story = at_first()
    (event,) = corrected(story, Calendar.of([]))
    assert event.due_provisional
    assert domain.evolve(story.case, event).due_provisional


def test_nothing_is_stated_where_nothing_changed():
    assert corrected(at_first(), CALENDAR) == []


@pytest.mark.parametrize(
    ("today", "known", "missing"),
    [
        (date(2026, 9, 30), {2026}, []),
        (date(2026, 10, 1), {2026}, [(2027, date(2026, 10, 1))]),
        (date(2026, 12, 31), {2026, 2027}, []),
        (date(2027, 1, 1), {2026}, [(2027, date(2026, 10, 1))]),
        (date(2027, 10, 1), {2026}, [(2027, date(2026, 10, 1)), (2028, date(2027, 10, 1))]),
    ],
)
def test_a_year_is_missed_from_october_before_it_until_it_comes(today, known, missing):
    assert [(one.year, one.since) for one in domain.missing_years(known, today)] == missing


def test_a_version_that_no_longer_follows_moves_the_days_back():
    second = newest(PolicyPart.CALENDAR)
    third = some_rules(version=3)
    book = Rulebook.of([some_rules(), second, third], [])
    assert Rulebook.of([some_rules(), second], []).moves_days(second)
    assert book.moves_days(third)
    assert not Rulebook.of([some_rules(), some_rules(version=2)], []).moves_days(some_rules(version=2))
