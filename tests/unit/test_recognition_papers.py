"""Papers under a criterion: kinds, issuers, ages, signatures, stamps, and what is said about them."""

import pytest

from tests.support.recognition import SUMMARY_OR_CERTIFICATE, a_criterion, answer, reason

D = a_criterion("paper", any_of=SUMMARY_OR_CERTIFICATE, issuer={"level": 2})
D_ONLY_SUMMARY = a_criterion("paper", any_of=[["discharge_summary"]], issuer={"level": 2})
D_BOTH = a_criterion("paper", any_of=[["discharge_summary", "diagnosis_certificate"]], issuer={"level": 2})


def a_summary(**told):
    return {"kind": "discharge_summary", **told}


def a_certificate(**told):
    return {"kind": "diagnosis_certificate", **told}


def issued_by(issuer, **told) -> str:
    criterion = a_criterion("paper", any_of=[["discharge_summary"]], issuer=issuer)
    return answer(criterion, papers=[a_summary(**told)])


def test_either_paper_serves_where_both_are_named_as_alternatives():
    assert answer(D, papers=[a_summary(issuer_level=2)]) == "met"
    assert answer(D, papers=[a_certificate(issuer_level=3)]) == "met"
    assert answer(D, papers=[{"kind": "test_report", "issuer_level": 3}]) == "not_shown"


def test_a_certificate_does_not_serve_where_only_the_discharge_summary_does():
    assert answer(D_ONLY_SUMMARY, papers=[a_certificate(issuer_level=3)]) == "not_shown"
    assert reason(D_ONLY_SUMMARY, papers=[]) == ("未见出院小结", "no discharge summary was shown")


def test_where_both_papers_are_needed_one_is_not_enough():
    assert answer(D_BOTH, papers=[a_summary(issuer_level=2), a_certificate(issuer_level=2)]) == "met"
    assert answer(D_BOTH, papers=[a_summary(issuer_level=2)]) == "not_shown"
    assert "未见疾病诊断证明书，须一并提供" in reason(D_BOTH, papers=[a_summary(issuer_level=2)])[0]
    assert answer(D_BOTH, papers=[a_summary(issuer_level=1)]) == "not_met"
    assert answer(D_BOTH, papers=[a_summary(issuer_level=2), a_certificate(issuer_level=1)]) == "not_met"


def test_a_hospital_below_the_level_is_told_with_both_levels():
    assert answer(D, papers=[a_summary(issuer_level=1)]) == "not_met"
    assert reason(D, papers=[a_summary(issuer_level=1)]) == (
        "出院小结由一级医院出具，需二级及以上",
        "the discharge summary is from a level 1 hospital, level 2 or above is needed",
    )


def test_a_level_that_is_not_told_is_not_shown():
    assert answer(D, papers=[a_summary()]) == "not_shown"
    assert reason(D, papers=[a_summary()])[0] == "出院小结未注明出具医院的等级，需二级及以上"


def test_a_paper_that_does_not_do_leaves_another_its_chance():
    low, unknown, good = a_summary(issuer_level=1), a_certificate(), a_certificate(issuer_level=2)
    assert answer(D, papers=[low, unknown]) == "not_shown"
    assert answer(D, papers=[low, unknown, good]) == "met"
    assert reason(D, papers=[low, good]) == ("疾病诊断证明书符合要求", "the diagnosis certificate meets this")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"issuer_level": 3, "issuer_tier": "甲等"}, "met"),
        ({"issuer_level": 3, "issuer_tier": "乙等"}, "not_met"),
        ({"issuer_level": 3}, "not_shown"),
        ({"issuer_level": 2, "issuer_tier": "甲等"}, "not_met"),
        ({"issuer_tier": "甲等"}, "not_shown"),
    ],
)
def test_level_3_grade_a_is_that_and_nothing_below(told, expected):
    assert issued_by({"level": 3, "tier": "甲等"}, **told) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"issuer_level": 2, "issuer_tier": "甲等"}, "met"),
        ({"issuer_level": 2, "issuer_tier": "乙等"}, "not_met"),
        ({"issuer_level": 2}, "not_shown"),
        ({"issuer_level": 3, "issuer_tier": "丙等"}, "met"),
        ({"issuer_level": 3}, "met"),
        ({"issuer_level": 1, "issuer_tier": "甲等"}, "not_met"),
    ],
)
def test_level_2_grade_a_or_above_takes_in_all_of_level_3(told, expected):
    assert issued_by({"level": 2, "tier": "甲等"}, **told) == expected


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"issuer_speciality": "精神专科"}, "met"),
        ({"issuer_level": 1, "issuer_speciality": "精神专科"}, "met"),
        ({"issuer_level": 3, "issuer_tier": "甲等"}, "met"),
        ({"issuer_level": 2, "issuer_speciality": "综合"}, "not_met"),
        ({"issuer_level": 2}, "not_shown"),
        ({"issuer_speciality": "综合"}, "not_shown"),
        ({}, "not_shown"),
    ],
)
def test_a_specialist_hospital_serves_whatever_its_level(told, expected):
    assert issued_by({"level": 3, "tier": "甲等", "speciality": "精神专科"}, **told) == expected


@pytest.mark.parametrize(
    ("department", "expected"), [("神经内科二病区", "met"), ("骨科", "not_met"), (None, "not_shown")]
)
def test_the_department_must_have_issued_it_besides(department, expected):
    issuer = {"level": 3, "department": "神经内科"}
    assert issued_by(issuer, issuer_level=3, department=department) == expected
    assert issued_by(issuer, issuer_level=2, department="神经内科") == "not_met"


@pytest.mark.parametrize(
    ("issued_on", "expected"),
    [
        ("2024-09-30", "met"),
        ("2024-09-29", "not_met"),
        ("2026-10-08", "met"),
        (None, "not_shown"),
    ],
)
def test_a_look_back_begins_on_the_same_day_of_its_month(issued_on, expected):
    criterion = a_criterion("paper", any_of=SUMMARY_OR_CERTIFICATE, within_months=24)
    assert answer(criterion, papers=[a_summary(issued_on=issued_on)]) == expected


def test_a_paper_that_is_too_old_is_told_with_its_day():
    criterion = a_criterion("paper", any_of=SUMMARY_OR_CERTIFICATE, within_months=24)
    assert reason(criterion, papers=[a_summary(issued_on="2020-01-02")]) == (
        "出院小结日期为2020-01-02，需近2年内",
        "the discharge summary is of 2020-01-02, one within the last 2 years is needed",
    )


def test_two_papers_may_be_of_one_kind_or_of_two():
    criterion = a_criterion("paper", any_of=SUMMARY_OR_CERTIFICATE, issuer={"level": 2}, count=2)
    summary, certificate = a_summary(issuer_level=2), a_certificate(issuer_level=2)
    assert answer(criterion, papers=[summary, summary]) == "met"
    assert answer(criterion, papers=[summary, certificate]) == "met"
    assert answer(criterion, papers=[summary]) == "not_met"
    assert answer(criterion, papers=[summary, a_summary()]) == "not_shown"
    assert "1 of 2 that are needed" in reason(criterion, papers=[summary])[1]


@pytest.mark.parametrize(
    ("signers", "expected"),
    [
        (["associate_chief", "chief"], "met"),
        (["associate_chief", "attending"], "not_met"),
        (["chief"], "not_met"),
        ([], "not_met"),
        (None, "not_shown"),
    ],
)
def test_so_many_signers_of_a_title_or_above(signers, expected):
    criterion = a_criterion(
        "paper", any_of=[["discharge_summary"]], signers=2, signer_title_min="associate_chief"
    )
    assert answer(criterion, papers=[a_summary(signers=signers)]) == expected


def test_too_few_signers_are_counted_in_the_reason():
    criterion = a_criterion("paper", any_of=[["discharge_summary"]], signer_title_min="chief")
    assert reason(criterion, papers=[a_summary(signers=["attending"])]) == (
        "出院小结符合要求的签名医师有0名，需1名主任医师及以上签名",
        "the discharge summary has 0 such signers, it takes 1 signers: chief physician or above",
    )


@pytest.mark.parametrize(("stamped", "expected"), [(True, "met"), (False, "not_met"), (None, "not_shown")])
def test_a_stamp_counts_where_it_is_asked_for(stamped, expected):
    asked = a_criterion("paper", any_of=[["discharge_summary"]], stamped=True)
    assert answer(asked, papers=[a_summary(stamped=stamped)]) == expected
    assert answer(D, papers=[a_summary(issuer_level=2, stamped=stamped)]) == "met"


def test_every_shortcoming_of_a_paper_is_told():
    criterion = a_criterion("paper", any_of=[["discharge_summary"]], issuer={"level": 2}, within_months=24)
    zh, en = reason(criterion, papers=[a_summary(issuer_level=1, issued_on="2020-01-02")])
    assert zh == "出院小结由一级医院出具，需二级及以上；出院小结日期为2020-01-02，需近2年内"
    assert en.count("the discharge summary") == 2
