"""Values, findings, ages and visits at their limits; standards and evidence that cannot be meant."""

import pytest
from pydantic import ValidationError

from shared.contracts.evidence import Evidence
from tests.support.recognition import a_criterion, a_standard, answer, evidence, reason


def urate(value, unit="µmol/L", measured_on=None):
    return {"measure": "urate", "value": value, "unit": unit, "measured_on": measured_on}


def above(limit, sex=None, **asked):
    return a_criterion(
        "measured", measure="urate", compare=">", threshold=limit, unit="µmol/L", sex=sex, **asked
    )


@pytest.mark.parametrize(
    ("compare", "below", "at", "over"),
    [
        (">=", "not_met", "met", "met"),
        (">", "not_met", "not_met", "met"),
        ("<=", "met", "met", "not_met"),
        ("<", "met", "not_met", "not_met"),
    ],
)
def test_a_threshold_holds_at_below_and_above_itself(compare, below, at, over):
    criterion = a_criterion("measured", measure="urate", compare=compare, threshold=416, unit="µmol/L")
    told = [answer(criterion, measurements=[urate(value)]) for value in (415.9, 416, 416.1)]
    assert told == [below, at, over]


def test_a_value_below_the_threshold_is_told_with_both():
    assert reason(above(416), measurements=[urate(400)]) == (
        "测得400µmol/L，需＞416µmol/L",
        "measured 400 µmol/L, more than 416 µmol/L is needed",
    )


def test_another_unit_is_not_compared():
    assert answer(above(416), measurements=[urate(7, "mg/dL")]) == "not_shown"
    assert "单位不同，无法比较" in reason(above(416), measurements=[urate(7, "mg/dL")])[0]


@pytest.mark.parametrize("unit", ["μmol/L", "µmol/l", "µmol / L", "umol/L"])
def test_a_unit_may_be_written_in_several_ways(unit):
    assert answer(above(416), measurements=[urate(420, unit)]) == "met"


@pytest.mark.parametrize("unit", ["Mmol/L", "µmol/L", "mmol/ml"])
def test_a_unit_of_another_size_is_another_unit(unit):
    criterion = a_criterion("measured", measure="urate", compare=">", threshold=1, unit="mmol/L")
    assert answer(criterion, measurements=[urate(2, "mmol/L")]) == "met"
    assert answer(criterion, measurements=[urate(2, unit)]) == "not_shown"


@pytest.mark.parametrize(
    ("sex", "value", "expected"),
    [
        ("male", 416, "not_met"),
        ("male", 417, "met"),
        ("female", 357, "not_met"),
        ("female", 358, "met"),
        (None, 357, "not_met"),
        (None, 358, "not_shown"),
        (None, 420, "not_shown"),
    ],
)
def test_each_sex_has_its_own_threshold(sex, value, expected):
    either = a_criterion(
        "at_least",
        n=1,
        of=[
            {**above(416, "male").model_dump(), "id": "men"},
            {**above(357, "female").model_dump(), "id": "women"},
        ],
    )
    assert answer(either, measurements=[urate(value)], patient={"sex": sex}) == expected


def test_so_many_reports_must_reach_the_threshold():
    criterion = above(416, count=2)
    assert answer(criterion, measurements=[urate(420)]) == "not_met"
    assert answer(criterion, measurements=[urate(420), urate(400)]) == "not_met"
    assert answer(criterion, measurements=[urate(420), urate(420, "mg/dL")]) == "not_shown"
    assert answer(criterion, measurements=[urate(420), urate(400), urate(430)]) == "met"


@pytest.mark.parametrize(
    ("day", "expected"), [("2026-03-30", "met"), ("2026-03-29", "not_met"), (None, "not_shown")]
)
def test_a_value_is_looked_for_so_many_months_back(day, expected):
    assert answer(above(416, within_months=6), measurements=[urate(420, measured_on=day)]) == expected


def a_finding(present=True, stated_on=None):
    return {"finding": "x", "present": present, "stated_on": stated_on}


def test_a_finding_counts_if_a_report_states_it_even_if_another_denies_it():
    criterion = a_criterion("found", finding="x")
    assert answer(criterion, findings=[a_finding(False)]) == "not_met"
    assert answer(criterion, findings=[a_finding(False), a_finding()]) == "met"
    assert answer(criterion, findings=[{"finding": "y", "present": True}]) == "not_shown"


@pytest.mark.parametrize(
    ("day", "expected"), [("2025-09-30", "met"), ("2025-09-29", "not_met"), (None, "not_shown")]
)
def test_a_finding_is_looked_for_so_many_months_back(day, expected):
    criterion = a_criterion("found", finding="x", within_months=12)
    assert answer(criterion, findings=[a_finding(stated_on=day)]) == expected


@pytest.mark.parametrize(("age", "expected"), [(14, "met"), (15, "not_met"), (None, "not_shown")])
def test_an_age_limit_takes_in_its_own_year(age, expected):
    assert answer(a_criterion("aged", at_most=14), patient={"age": age}) == expected


def test_an_age_is_told_with_what_is_needed():
    criterion = a_criterion("aged", at_least=6, at_most=14)
    assert answer(criterion, patient={"age": 6}) == "met"
    assert reason(criterion, patient={"age": 5}) == (
        "年龄5周岁，需满6周岁且不超过14周岁",
        "the person is 5, at least 6 and at most 14 is needed",
    )


THREE_OR_A_STAY = a_criterion("treated", outpatient=3, inpatient=1, within_months=24)


def visits(*days, stays=()):
    return {"outpatient": days, "inpatient": [{"admitted_on": a, "discharged_on": b} for a, b in stays]}


def test_three_visits_or_one_stay_do():
    assert answer(THREE_OR_A_STAY) == "not_shown"
    assert answer(THREE_OR_A_STAY, visits=visits("2026-01-01", "2026-02-01")) == "not_met"
    assert answer(THREE_OR_A_STAY, visits=visits("2026-01-01", "2026-02-01", "2026-03-01")) == "met"
    assert answer(THREE_OR_A_STAY, visits=visits(stays=[("2026-01-01", "2026-01-09")])) == "met"


def test_visits_on_one_day_are_one():
    assert answer(THREE_OR_A_STAY, visits=visits(*["2026-01-01"] * 3)) == "not_met"


@pytest.mark.parametrize(("discharged", "expected"), [("2024-09-30", "met"), ("2024-09-29", "not_met")])
def test_a_stay_counts_if_it_ended_within_the_look_back(discharged, expected):
    assert answer(THREE_OR_A_STAY, visits=visits(stays=[("2024-09-20", discharged)])) == expected


def test_a_stay_does_not_serve_where_only_visits_count():
    criterion = a_criterion("treated", outpatient=3)
    assert answer(criterion, visits=visits(stays=[("2026-01-01", "2026-01-09")])) == "not_shown"


@pytest.mark.parametrize(("last", "expected"), [("2026-04-01", "met"), ("2026-03-31", "not_met")])
def test_visits_may_have_to_lie_so_far_apart(last, expected):
    criterion = a_criterion("treated", outpatient=3, inpatient=1, span_months=3)
    assert answer(criterion, visits=visits("2026-01-01", "2026-01-05", last)) == expected
    assert answer(criterion, visits=visits(stays=[("2026-01-01", "2026-01-02")])) == "met"


@pytest.mark.parametrize(("first", "expected"), [("2025-09-30", "met"), ("2025-10-01", "not_met")])
def test_a_course_is_counted_from_the_first_treatment_to_the_application(first, expected):
    criterion = a_criterion("treated", outpatient=3, inpatient=1, within_months=6, since_months=12)
    stay = [("2026-09-01", "2026-09-05")]
    assert answer(criterion, visits=visits(first, stays=stay)) == expected


def test_too_few_visits_are_told_with_what_is_needed():
    assert reason(THREE_OR_A_STAY, visits=visits("2026-01-01", "2020-01-01")) == (
        "近2年内门诊1次、住院0次，需门诊3次或住院1次",
        "outpatient visits 1, inpatient stays 0 within the last 2 years; "
        "needed are 3 outpatient visits or 1 inpatient stays",
    )


@pytest.mark.parametrize(
    ("test", "asked"),
    [
        ("treated", {"within_months": 12}),
        ("aged", {}),
        ("aged", {"at_least": 15, "at_most": 14}),
        ("found", {"finding": "x", "expected": False, "within_months": 12}),
        ("found", {"finding": "x", "expected": False, "count": 2}),
        ("paper", {"any_of": [["x"]], "issuer": {"tier": "甲等"}}),
        ("paper", {"any_of": [["x"]], "issuer": {"level": 3, "tier": "特等"}}),
        ("at_least", {"n": 2, "of": [{"id": "x", "text": "x", "test": "found", "finding": "x"}]}),
    ],
)
def test_a_criterion_that_cannot_be_meant_is_refused(test, asked):
    with pytest.raises(ValidationError):
        a_criterion(test, **asked)


def test_a_standard_that_names_two_nodes_alike_is_refused():
    leaf = {"id": "x", "text": "测试", "test": "found", "finding": "x"}
    with pytest.raises(ValidationError, match="nodes named twice: x"):
        a_standard("T-1", {"id": "all", "text": "测试", "test": "all", "of": [leaf, leaf]})


@pytest.mark.parametrize(
    "wrong",
    [
        {"visits": visits(stays=[("2026-01-02", "2026-01-01")])},
        {"visits": visits("0001-01-01")},
        {"measurements": [urate(float("nan"))]},
        {"patient": {"age": 151}},
        {"papers": [{"kind": "discharge_summary", "patient_name": "测试"}]},
    ],
)
def test_evidence_that_cannot_be_meant_or_names_somebody_is_refused(wrong):
    with pytest.raises(ValidationError):
        evidence(**wrong)


def test_evidence_is_the_same_after_it_was_written_and_read():
    shown = evidence(
        papers=[{"kind": "discharge_summary", "signers": ["chief"], "issuer_tier": "甲等"}],
        visits=visits("2026-01-01", stays=[("2026-01-01", "2026-01-09")]),
        measurements=[urate(420)],
        findings=[a_finding()],
        patient={"age": 3, "sex": "male"},
    )
    assert Evidence.model_validate_json(shown.model_dump_json()) == shown
