"""A rehearsal tells what intake would refuse or ask for, what an approval would lack, and other advice."""

from datetime import date

import pytest

from deploy.policy.differences import Kind, examples
from deploy.policy.rehearsal import OPEN_PAPERS_ONLY
from shared.contracts.submissions import ApplicationType
from tests.support.rehearsing import (
    a_draft,
    a_paper,
    a_policy,
    a_story,
    accepted,
    answered,
    based_on,
    changes,
    papers,
    past,
    reasons,
    rehearsed,
)

PANZHIHUA = "regions/panzhihua"


def test_a_paper_that_becomes_needed_is_missing_or_was_there() -> None:
    def photo_for_all(written):
        photo = next(one for one in written["materials"] if one["kind"] == "portrait_photo")
        del photo["when"]

    without, with_photo = past(a_story()), past(a_story(materials=papers(a_paper("portrait_photo"))))
    done = rehearsed(a_draft(PANZHIHUA, photo_for_all), over=[without, with_photo])
    assert changes(done, Kind.MATERIALS) == [
        ("newly missing: portrait_photo", "-", "missing"),
        ("newly needed, was there: portrait_photo", "-", "needed"),
    ]
    assert changes(done, Kind.ELIGIBILITY) == []
    assert reasons(done, Kind.MATERIALS)[0] == "近期免冠照片 is needed for the submission"


def test_papers_are_compared_with_the_version_of_the_submission() -> None:
    def photo_for_all(written):
        photo = next(one for one in written["materials"] if one["kind"] == "portrait_photo")
        del photo["when"]

    second = a_policy(base=based_on(a_draft(PANZHIHUA, photo_for_all)))
    done = rehearsed(a_draft(PANZHIHUA), over=[accepted(policy_version=2), accepted()], v2=second)
    assert changes(done, Kind.MATERIALS) == [("no longer needed: portrait_photo", "needed", "-")]


def test_a_paper_that_is_no_longer_needed_is_told_per_application() -> None:
    def no_form(written):
        written["materials"] = [one for one in written["materials"] if one["kind"] != "application_form"]

    done = rehearsed(a_draft(PANZHIHUA, no_form), over=[past(a_story()), past(a_story())])
    assert changes(done, Kind.MATERIALS) == [("no longer needed: application_form", "needed", "-")] * 2


def test_a_paper_needed_for_the_decision_counts_what_was_supplied_later() -> None:
    def record_for_all(written):
        written["materials"].append(
            {
                "kind": "record",
                "name": "门诊病历",
                "required": True,
                "any_of": [["outpatient_record"]],
                "needed_by": "decision",
            }
        )

    done = rehearsed(a_draft(PANZHIHUA, record_for_all), over=[accepted(), answered()])
    assert changes(done, Kind.MATERIALS) == [("newly missing for a decision: record", "-", "missing")]


@pytest.mark.parametrize(
    ("draft", "code"),
    [
        (lambda w: w["diseases"].pop(0), "disease-not-in-catalogue"),
        (lambda w: w.update(application_types=["renewal"]), "application-type-not-offered"),
        (lambda w: w["applicant_classes"].pop(0), "applicant-class-unknown"),
        (lambda w: w["channels"].pop(1), "channel-not-in-region"),
    ],
)
def test_what_would_be_refused_is_told_by_its_code(draft, code: str) -> None:
    untouched = accepted(
        disease_code="PZH-002",
        application_type=ApplicationType.RENEWAL,
        applicant_class="resident",
        channel="sichuan_app",
    )
    done = rehearsed(a_draft(PANZHIHUA, draft), over=[accepted(), untouched])
    assert changes(done, Kind.ELIGIBILITY) == [(f"refused: {code}", "taken", "refused")]


def test_an_application_outside_the_new_windows_would_be_refused() -> None:
    def windows(written):
        written["intake_mode"] = "windows"
        written["intake_windows"] = [
            {"id": "first", "opens": "01-01", "closes": "03-31", "effective": {"unknown": True}}
        ]

    done = rehearsed(a_draft(PANZHIHUA, windows), over=[past(a_story())])
    assert changes(done, Kind.ELIGIBILITY) == [("refused: intake-closed", "taken", "refused")]
    assert "2027-01-01" in reasons(done, Kind.ELIGIBILITY)[0]


def test_a_new_notice_refuses_nobody() -> None:
    done = rehearsed(
        a_draft(PANZHIHUA, lambda w: w["notice"].update(version="panzhihua-notice-2")), over=[accepted()]
    )
    assert done.found == []


def test_a_shorter_age_of_papers_warns_of_those_that_are_older() -> None:
    def three_months(written):
        record = next(one for one in written["materials"] if one["kind"] == "tests_or_record")
        record["max_age_months"] = 3

    old = a_paper("outpatient_record", issued_on=date(2026, 5, 1))
    done = rehearsed(a_draft(PANZHIHUA, three_months), over=[past(a_story(materials=papers(old)))])
    assert changes(done, Kind.WARNINGS) == [
        ("warned: material-too-old, outpatient_record", "-", "material-too-old")
    ]


def with_a_standard(months: int):
    """Hypertension is judged by one criterion: a test report of the last months."""

    def edit(written):
        tree = {
            "id": "report",
            "text": "近期检查报告",
            "test": "paper",
            "any_of": [["test_report"]],
            "within_months": months,
        }
        written["standards"] = [{"code": "T-1", "name": "高血压", "scope": "basic", "tree": tree}]
        written["diseases"][0]["standard"] = "T-1"

    return a_draft(PANZHIHUA, edit)


def test_the_advice_of_another_standard_is_compared() -> None:
    reported = a_paper("test_report", issued_on=date(2026, 5, 1))
    story = past(a_story(materials=[*papers()[:3], reported]))
    first = rehearsed(with_a_standard(6), over=[story])
    assert changes(first, Kind.ADVICE) == [("no standard → met", "no standard", "met")]
    assert OPEN_PAPERS_ONLY in first.notes

    stricter = rehearsed(with_a_standard(3), over=[story], base=based_on(with_a_standard(6)))
    assert changes(stricter, Kind.ADVICE) == [("met → not met", "met", "not met")]
    assert reasons(stricter, Kind.ADVICE) == ["近期检查报告: met → not met"]

    same = rehearsed(with_a_standard(6), over=[story], base=based_on(with_a_standard(6)))
    assert same.found == []


def test_a_rare_difference_is_among_the_examples() -> None:
    def fewer(written):
        written["application_types"] = ["new"]
        del written["diseases"][0]

    renewal = accepted(application_type=ApplicationType.RENEWAL, disease_code="PZH-002")
    done = rehearsed(a_draft(PANZHIHUA, fewer), over=[accepted(), accepted(), accepted(), renewal])
    first_two = examples(done.found, Kind.ELIGIBILITY)[:2]
    assert {one.difference.change for one in first_two} == {
        "refused: disease-not-in-catalogue",
        "refused: application-type-not-offered",
    }
