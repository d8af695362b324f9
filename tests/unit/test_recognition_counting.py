"""Joining answers: three values, every node answered, and more evidence never makes the met uncertain."""

from itertools import product

import pytest
from hypothesis import given, settings

from shared.contracts.evidence import Evidence, Fulfilment, Visits
from shared.recognition import Vector, failure_of, judge
from shared.recognition.counting import all_of, at_least, enough
from tests.support.recognition import (
    TODAY,
    a_criterion,
    a_standard,
    answer,
    answers,
    evidence,
    ids_of,
)
from tests.support.recognition_drawn import EVIDENCE, EXCLUDED, LEAVES, TREES

MET, NOT_MET, NOT_SHOWN = Fulfilment.MET, Fulfilment.NOT_MET, Fulfilment.NOT_SHOWN
SETTINGS = settings(deadline=None, max_examples=150)

AND = {
    (MET, MET): MET,
    (MET, NOT_SHOWN): NOT_SHOWN,
    (MET, NOT_MET): NOT_MET,
    (NOT_SHOWN, NOT_SHOWN): NOT_SHOWN,
    (NOT_SHOWN, NOT_MET): NOT_MET,
    (NOT_MET, NOT_MET): NOT_MET,
}
OR = {
    (MET, MET): MET,
    (MET, NOT_SHOWN): MET,
    (MET, NOT_MET): MET,
    (NOT_SHOWN, NOT_SHOWN): NOT_SHOWN,
    (NOT_SHOWN, NOT_MET): NOT_SHOWN,
    (NOT_MET, NOT_MET): NOT_MET,
}


@pytest.mark.parametrize("pair", AND)
def test_and_and_or_follow_their_tables_whichever_part_is_first(pair):
    for parts in (pair, pair[::-1]):
        assert all_of(parts) is AND[pair]
        assert at_least(1, parts) is OR[pair]


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_n_of_four_is_met_by_n_and_lost_when_n_are_out_of_reach(n):
    for parts in product(Fulfilment, repeat=4):
        reachable = sum(part is not NOT_MET for part in parts)
        expected = MET if parts.count(MET) >= n else NOT_SHOWN if reachable >= n else NOT_MET
        assert at_least(n, parts) is expected
    assert all_of(parts) is at_least(4, parts)


def test_nothing_shown_is_not_the_same_as_too_little():
    assert enough(2, []) is NOT_SHOWN
    assert enough(2, [MET]) is NOT_MET
    assert enough(2, [MET, NOT_SHOWN]) is NOT_SHOWN
    assert enough(2, [NOT_MET, MET, MET]) is MET


def test_every_node_is_answered_although_the_first_part_settled_the_whole():
    found = {"test": "found", "text": "测试"}
    tree = a_criterion(
        "all",
        of=[
            {**found, "id": "gone", "finding": "x"},
            {
                "id": "one-of",
                "text": "测试",
                "test": "at_least",
                "n": 1,
                "of": [{**found, "id": "a", "finding": "a"}, {**found, "id": "b", "finding": "b"}],
            },
        ],
    )
    advice = judge(tree, evidence(findings=[{"finding": "x", "present": False}]))
    assert advice.fulfilment is NOT_MET
    assert answers(advice) == ids_of(tree) == ["all", "gone", "one-of", "a", "b"]
    assert advice.tree.reason_en == "2 of 2 are needed: 0 met, 1 not met, 1 not shown"


def test_advice_says_that_a_person_decides():
    advice = judge(a_criterion("aged", at_most=14), evidence(patient={"age": 3}))
    assert advice.fulfilment is MET
    assert "a named person decides" in advice.note_en
    assert "不是认定结论" in advice.note_zh


def test_a_vector_that_fails_says_what_was_expected_of_which_standard():
    tree = {"id": "x", "text": "测试", "test": "found", "finding": "x"}
    asked = {"recognition": "T-1", "expect": "met", "why": "a report states it"}
    stated = {"applied_on": TODAY, "findings": [{"finding": "x", "present": True}]}
    good = Vector.model_validate({**asked, "evidence": stated})
    bad = Vector.model_validate({**asked, "evidence": {"applied_on": TODAY}})
    standards = [a_standard("T-0", tree), a_standard("T-1", tree)]
    assert failure_of(good, standards) is None
    assert failure_of(bad, standards) == (
        "T-1: expected met, but it is not_shown (nothing that states this was shown): a report states it"
    )
    assert failure_of(good, []) == "T-1: there is no such standard (a report states it)"


def both(one: Evidence, more: Evidence) -> Evidence:
    """All that either shows; what is told of the person stands as it is."""
    return one.model_copy(
        update={
            "papers": (*one.papers, *more.papers),
            "measurements": (*one.measurements, *more.measurements),
            "findings": (*one.findings, *more.findings),
            "visits": Visits(
                outpatient=(*one.visits.outpatient, *more.visits.outpatient),
                inpatient=(*one.visits.inpatient, *more.visits.inpatient),
            ),
        }
    )


@SETTINGS
@given(TREES, EVIDENCE, EVIDENCE)
def test_more_evidence_never_unmakes_what_was_met_unless_it_is_an_exclusion(tree, some, more):
    if judge(tree, some).fulfilment is MET:
        assert judge(tree, both(some, more)).fulfilment is MET


@SETTINGS
@given(LEAVES | EXCLUDED, EVIDENCE, EVIDENCE)
def test_more_evidence_never_turns_a_criterion_from_met_into_not_shown(criterion, some, more):
    if judge(criterion, some).fulfilment is MET:
        assert judge(criterion, both(some, more)).fulfilment is not NOT_SHOWN


@SETTINGS
@given(LEAVES | EXCLUDED)
def test_without_evidence_nothing_is_met_and_nothing_is_refuted(criterion):
    assert judge(criterion, evidence()).fulfilment is NOT_SHOWN


@SETTINGS
@given(TREES, EVIDENCE)
def test_every_node_has_an_answer_with_a_reason_in_both_languages(tree, shown):
    advice = judge(tree, shown)
    assert answers(advice) == ids_of(tree)
    left = [advice.tree]
    while left:
        node = left.pop()
        assert node.reason_zh
        assert node.reason_en
        left += node.parts


@SETTINGS
@given(TREES, EVIDENCE)
def test_the_order_of_the_evidence_makes_no_difference(tree, shown):
    turned = shown.model_copy(
        update={name: getattr(shown, name)[::-1] for name in ("papers", "measurements", "findings")}
    )
    assert judge(tree, turned).fulfilment is judge(tree, shown).fulfilment


def test_an_exclusion_that_turns_up_is_refuted():
    excluded = a_criterion("found", finding="a", expected=False)
    denied, stated = {"finding": "a", "present": False}, {"finding": "a", "present": True}
    assert answer(excluded) == "not_shown"
    assert answer(excluded, findings=[denied]) == "met"
    assert answer(excluded, findings=[denied, stated]) == "not_met"
