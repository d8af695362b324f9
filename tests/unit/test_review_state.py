"""The row of a case is the fold of the events that were stated about it."""

from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.review import domain
from services.review.actions.reading import unlock
from services.review.domain import Ground, Status
from services.review.store.cases import DOSSIER, EVENTS, STATE
from shared.contracts.cases import DueDateCorrected, Outcome, Stage
from shared.contracts.deadlines import ClockStart, ExpertReview, OnSupplement
from shared.errors import Refused
from shared.outbox import body
from tests.support.cases import (
    EXPERT_1,
    EXPERT_2,
    EXPERT_3,
    FINAL,
    FIRST,
    OFFICER,
    Story,
    a_material,
    an_opinion,
    at_expert,
    at_final,
    at_first,
    some_rules,
)
from tests.support.private import KEY
from tests.support.samples import NOON

WEAK = Ground("STAMP_MISSING", "诊断证明未盖章。")
STEPS = {
    "accept": lambda s: s.accept(),
    "ask": lambda s: s.ask(next(o for o in (OFFICER, FIRST, EXPERT_1, FINAL) if _fits(s, o))),
    "supply": lambda s: s.supply(a_material()),
    "to-expert": lambda s: s.forward(FIRST, Stage.EXPERT),
    "to-final": lambda s: s.forward(FIRST if s.case.stage is Stage.FIRST else EXPERT_3),
    "advise-1": lambda s: s.advise(EXPERT_1),
    "advise-2": lambda s: s.advise(EXPERT_2, Outcome.REJECTED),
    "advise-3": lambda s: s.advise(EXPERT_3, Outcome.REJECTED),
    "approve": lambda s: s.decide(),
    "reject": lambda s: s.decide(FINAL, Outcome.REJECTED, WEAK),
    "withdraw": lambda s: s.withdraw(),
    "wait": lambda s: s.later(days=1),
}


def _fits(story, officer):
    return domain.ROLE_OF[story.case.stage] in officer.roles


RULES = st.builds(
    lambda start, supplement, experts, rounds: some_rules(
        clock_start=start, on_supplement=supplement, expert_review=experts, request_rounds=rounds
    ),
    st.sampled_from(ClockStart),
    st.sampled_from(OnSupplement),
    st.sampled_from([*ExpertReview, None]),
    st.integers(0, 3),
)


def published_and_read_again(event):
    return EVENTS[event.type].read(body(event))


@settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(RULES, st.lists(st.sampled_from(sorted(STEPS)), max_size=25))
def test_the_row_is_the_fold_of_the_published_events(rules, steps):
    story = Story(rules)
    for step in steps:
        before = story.case
        try:
            STEPS[step](story)
        except Refused:
            assert story.case == before
        row = STATE.dump_json(story.case, exclude_defaults=True)
        again = domain.fold(map(published_and_read_again, story.events))
        assert STATE.dump_json(again, exclude_defaults=True) == row
        assert STATE.validate_json(row) == story.case == again
        assert story.case.sequence == len(story.events)


@settings(max_examples=60, deadline=None)
@given(RULES, st.lists(st.sampled_from(sorted(STEPS)), max_size=25))
def test_an_ended_case_never_moves_again(rules, steps):
    story = Story(rules).withdraw() if len(steps) % 2 else at_final(some_rules()).decide()
    ended = story.case
    for step in steps:
        try:
            STEPS[step](story)
        except Refused:
            continue
    assert story.case == ended


@settings(max_examples=60, deadline=None)
@given(RULES, st.lists(st.sampled_from(sorted(STEPS)), max_size=25))
def test_no_decision_stands_without_two_people(rules, steps):
    story = Story(rules)
    for step in steps:
        try:
            STEPS[step](story)
        except (Refused, StopIteration):
            continue
    decisions = [event for event in story.events if event.type == "decision-made"]
    assert len(decisions) <= 1
    assert all(d.decided_by and d.first_reviewer and d.decided_by != d.first_reviewer for d in decisions)


def test_a_case_begins_with_case_opened_and_only_once():
    story = at_first()
    with pytest.raises(ValueError, match="begins with"):
        domain.fold(story.events[1:])
    with pytest.raises(ValueError, match="does not change"):
        domain.fold([*story.events, story.events[0]])
    with pytest.raises(ValueError, match="begins with"):
        domain.fold([])


def test_a_withdrawn_case_is_closed_with_its_clock_stopped():
    story = at_first().later(days=3).withdraw()
    assert (story.case.status, story.case.closed_because) == (Status.CLOSED, "withdrawn")
    assert story.case.clock.stopped_on == story.now.date()


def test_a_case_that_waits_for_material_can_be_withdrawn():
    story = at_first().ask(FIRST).withdraw()
    assert (story.case.status, story.case.asked) == (Status.CLOSED, None)


def test_a_decided_case_is_not_withdrawn():
    assert at_final().decide().withdraw().case.status is Status.DECIDED


def test_a_corrected_due_date_is_the_one_that_counts():
    accepted = at_first().case
    corrected = domain.evolve(accepted, a_correction(accepted))
    assert (corrected.due_on, corrected.due_provisional) == (date(2027, 1, 8), False)
    assert corrected.sequence == accepted.sequence + 1


def a_correction(case):
    about = {
        "application_id": case.application_id,
        "acceptance_no": case.acceptance_no,
        "region": case.region,
    }
    return DueDateCorrected(**about, occurred_at=NOON, due_before=case.due_on, due_on=date(2027, 1, 8))


def test_every_kind_of_event_is_told_in_two_languages():
    stories = [
        at_expert().advise(EXPERT_1).advise(EXPERT_2).forward(EXPERT_1).decide(FINAL, Outcome.REJECTED, WEAK),
        at_first().ask(FIRST).supply().withdraw(),
        at_first(some_rules(on_supplement=OnSupplement.RUN)).ask(FIRST),
        at_final().decide(),
    ]
    stated = [event for story in stories for event in story.events]
    late = a_correction(stories[0].case)
    told = {event.type: domain.tell(event) for event in [*stated, late]}
    assert set(told) == set(EVENTS)
    assert all(sentence.en.endswith(".") and sentence.zh.endswith("。") for sentence in told.values())
    assert told["application-accepted"].zh == "officer-1受理申请，应于2026-10-15前办结。"


def test_a_dossier_comes_back_from_its_row_as_it_was():
    story = at_first(physician_opinion=an_opinion(), materials=[a_material()])
    story.ask(FIRST).later(hours=1).supply(a_material("test_report"))
    dossier = story.file.dossier
    kept = DOSSIER.validate_json(DOSSIER.dump_json(dossier, exclude_defaults=True))
    assert unlock(kept, KEY) == dossier
    assert [(filed.paper.kind, filed.round) for filed in dossier.papers] == [
        ("diagnosis_certificate", 0),
        ("test_report", 1),
    ]


def test_a_claim_is_no_part_of_the_state():
    story = Story()
    row = STATE.dump_json(story.case, exclude_defaults=True)
    story.claimed(OFFICER)
    assert STATE.dump_json(story.case, exclude_defaults=True) == row
    assert story.later(seconds=1).now - story.now < timedelta(seconds=1)
