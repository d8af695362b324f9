"""A rehearsal tells what a draft would have changed for past applications, by the services' own rules."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from deploy.policy.differences import Kind, examples
from deploy.policy.past import Past, Wanted, assemble, events_of
from deploy.policy.rehearsal import OPEN_PAPERS_ONLY, SEALED
from shared.chain import Link
from shared.clock import SHANGHAI
from shared.contracts.submissions import ApplicationType
from shared.errors import Unreadable
from shared.outbox import body
from tests.support.cases import FIRST, Story
from tests.support.rehearsing import (
    a_draft,
    a_paper,
    a_policy,
    a_sheet,
    a_story,
    based_on,
    changes,
    limits,
    papers,
    past,
    reasons,
    rehearsed,
)
from tests.support.samples import an_application_submitted

PANZHIHUA = "regions/panzhihua"


def accepted(**submitted: object) -> Past:
    return past(a_story(**submitted).accept())


def answered() -> Past:
    """Accepted at once, asked after four days, answered three days later."""
    story = a_story().accept().later(days=4).ask(FIRST, "outpatient_record").later(days=3)
    return past(story.supply(a_paper("outpatient_record")))


def test_a_draft_that_says_the_same_changes_nothing() -> None:
    stories = [
        a_story(),
        a_story().accept(),
        a_story().later(days=3).accept().ask(FIRST, "test_report"),
        a_story().accept().later(days=2).forward().decide(),
        a_story().accept().later(days=1).withdraw(),
    ]
    done = rehearsed(a_draft(PANZHIHUA), over=[*map(past, stories), answered()])
    assert (done.compared, done.due, done.found) == (6, {"unchanged": 6}, [])


def test_a_shorter_limit_moves_the_due_date_of_a_decision() -> None:
    done = rehearsed(a_draft(PANZHIHUA, limits(sla_working_days=10)), over=[accepted()])
    assert changes(done, Kind.DEADLINE) == [("decision earlier", "2026-10-15", "2026-10-09")]
    assert reasons(done, Kind.DEADLINE) == ["15 → 10 working days"]
    assert done.due == {"earlier": 1}


def test_a_longer_limit_moves_it_the_other_way() -> None:
    done = rehearsed(a_draft(PANZHIHUA, limits(sla_working_days=20)), over=[accepted()])
    assert changes(done, Kind.DEADLINE) == [("decision later", "2026-10-15", "2026-10-22")]


def test_what_waits_for_acceptance_is_due_by_the_limit_of_acceptance() -> None:
    draft = a_draft("national", limits(acceptance_working_days=3))
    done = rehearsed(draft, over=[past(a_story()), accepted()])
    assert changes(done, Kind.DEADLINE) == [("acceptance earlier", "2026-09-24", "2026-09-22")]
    assert done.due == {"earlier": 1, "unchanged": 1}


def test_an_application_that_review_has_not_opened_is_rehearsed_as_well() -> None:
    unopened = replace(past(a_story()), acts=())
    done = rehearsed(a_draft("national", limits(acceptance_working_days=3)), over=[unopened])
    assert changes(done, Kind.DEADLINE) == [("acceptance earlier", "2026-09-24", "2026-09-22")]


@pytest.mark.parametrize(
    ("on_supplement", "due"), [("run", "2026-10-15"), ("restart", "2026-10-22"), ("pause", None)]
)
def test_what_the_clock_does_while_papers_are_asked_for_is_gone_through(
    on_supplement: str, due: str | None
) -> None:
    done = rehearsed(a_draft(PANZHIHUA, limits(on_supplement=on_supplement)), over=[answered()])
    found = [after for _, _, after in changes(done, Kind.DEADLINE)]
    assert found == ([due] if due else [])
    assert reasons(done, Kind.DEADLINE) == (
        [f"while papers are asked for: pause → {on_supplement}"] if due else []
    )


def test_a_case_that_waits_for_papers_is_compared_as_if_they_had_come_at_once() -> None:
    waits = past(a_story().accept().ask(FIRST, "test_report"))
    done = rehearsed(a_draft(PANZHIHUA, limits(sla_working_days=10)), over=[waits])
    assert changes(done, Kind.DEADLINE) == [("decision earlier", "2026-10-15", "2026-10-09")]


def test_a_clock_that_starts_at_the_submission_counts_from_there() -> None:
    late = past(a_story().later(days=4).accept())
    done = rehearsed(a_draft(PANZHIHUA, limits(clock_start="submission")), over=[late])
    assert changes(done, Kind.DEADLINE) == [("decision earlier", "2026-10-20", "2026-10-15")]
    assert reasons(done, Kind.DEADLINE) == ["counts from 2026-09-18 instead of 2026-09-22"]


def test_an_acceptance_after_closing_time_may_count_on_the_next_working_day() -> None:
    evening = past(a_story().later(hours=6).accept())
    done = rehearsed(a_draft(PANZHIHUA, limits(after_hours_acceptance="next_working_day")), over=[evening])
    assert changes(done, Kind.DEADLINE) == [("decision later", "2026-10-15", "2026-10-16")]


def test_a_decided_case_tells_whether_it_would_have_been_late() -> None:
    decided = past(a_story().accept().later(days=21).forward().decide())
    shorter = rehearsed(a_draft(PANZHIHUA, limits(sla_working_days=8)), over=[decided])
    assert shorter.late == [0, 1]
    assert rehearsed(a_draft(PANZHIHUA), over=[decided]).late == [0, 0]


def test_an_application_is_compared_with_the_version_it_was_submitted_under() -> None:
    twenty = a_policy(base=based_on(a_draft(PANZHIHUA, limits(sla_working_days=20))))
    opened = a_story(base=based_on(a_draft(PANZHIHUA, limits(sla_working_days=20))), policy_version=2)
    done = rehearsed(a_draft(PANZHIHUA, limits(sla_working_days=10)), over=[past(opened.accept())], v2=twenty)
    assert changes(done, Kind.DEADLINE) == [("decision earlier", "2026-10-22", "2026-10-09")]
    assert done.versions == {("panzhihua", 2): 1}


def test_a_request_that_the_draft_does_not_allow_is_told_and_still_happened() -> None:
    def no_rounds(written):
        written["review"]["material_request_rounds"] = 0

    done = rehearsed(a_draft(PANZHIHUA, no_rounds), over=[answered()])
    assert changes(done, Kind.REQUESTS) == [("refused: rounds-used-up", "done", "refused")]
    assert done.due == {"unchanged": 1}


def test_a_calendar_with_another_holiday_moves_due_dates_and_names_the_day() -> None:
    def another(written):
        written["days_off"].append({"name": "校庆", "first": "2026-10-12", "last": "2026-10-12"})

    done = rehearsed(a_draft("calendars/2026", another), over=[accepted(), past(a_story())])
    assert changes(done, Kind.DEADLINE) == [("decision later", "2026-10-15", "2026-10-16")]
    assert reasons(done, Kind.DEADLINE) == ["2026-10-12 becomes a day off (校庆)"]
    assert done.due == {"later": 1, "unchanged": 1}


def test_a_calendar_of_a_year_that_was_missing_makes_due_dates_certain() -> None:
    december = past(a_story(occurred_at=datetime(2026, 12, 25, 4, tzinfo=UTC)))
    year = a_sheet(
        {
            "year": 2027,
            "source": "made up for tests",
            "grade": "R",
            "announced_on": "2026-11-01",
            "days_off": [],
        }
    )
    done = rehearsed(year, over=[december])
    assert done.due == {"same day, and certain": 1}
    assert changes(done, Kind.DEADLINE) == [
        ("acceptance same day, and certain", "2027-01-01 (provisional)", "2027-01-01")
    ]
    assert reasons(done, Kind.DEADLINE) == ["the calendar of 2027 is known"]


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


def under_jiangxi(region: str, admdvs: str):
    def edit(written):
        written.update(region=region, under="jiangxi", admdvs=admdvs)

    return a_draft("regions/shangrao", edit)


def test_a_province_layer_reaches_its_regions_and_no_other() -> None:
    base = based_on(under_jiangxi("shangrao", "361100"), under_jiangxi("testcity", "510400"))
    stories = [
        a_story(),
        a_story("shangrao", base, disease_code="SRG-012", channel="ganfutong"),
        a_story("testcity", base, disease_code="SRG-012", channel="ganfutong"),
    ]
    province = a_draft(
        "provinces/jiangxi",
        lambda w: w.update(deadlines={"acceptance_working_days": {"v": 3, "src": "F-JX67", "grade": "B"}}),
    )
    done = rehearsed(province, over=[past(one) for one in stories], base=base)
    assert (done.read.total(), done.compared, done.beyond) == (3, 2, {"panzhihua": 1})
    assert sorted(one.submitted.region for one in done.found) == ["shangrao", "testcity"]
    assert set(changes(done, Kind.DEADLINE)) == {("acceptance earlier", "2026-09-24", "2026-09-22")}


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


def test_what_is_sealed_stays_sealed_and_the_rehearsal_says_so() -> None:
    story = a_story().accept().later(days=4).ask(FIRST, "test_report").later(days=3).supply()
    done = rehearsed(a_draft(PANZHIHUA, limits(on_supplement="run")), over=[as_read_from_the_bus(story)])
    assert changes(done, Kind.DEADLINE) == [("decision earlier", "2026-10-20", "2026-10-15")]
    assert SEALED in done.notes


def as_read_from_the_bus(story: Story) -> Past:
    (found,) = assemble(events_of(links(story)))
    assert (found.submitted.private, found.submitted.sealed) == (None, None)
    return found


def links(story: Story) -> list[Link]:
    events = [*story.events, story.file.dossier.submitted, *story.file.dossier.supplied]
    return [
        Link(
            topic=event.topic,
            key=event.key,
            event_id=str(number),
            type=event.type,
            time=event.occurred_at.isoformat(),
            sequence=number,
            previous="",
            body=body(event) or b"",
        )
        for number, event in enumerate(events, start=1)
    ]


def test_records_are_put_together_once_each_and_in_order() -> None:
    story = a_story().accept().ask(FIRST, "test_report").later(days=1).supply(a_paper("test_report"))
    whole = links(story)
    (found,) = assemble(events_of([*reversed(whole), *whole]))
    assert [event.type for event in found.acts] == [event.type for event in story.events]
    assert [event.round for event in found.supplied] == [1]


def test_a_case_whose_application_is_not_there_is_left_out() -> None:
    assert assemble(a_story().accept().events) == []


def test_cases_of_applications_that_are_not_wanted_are_passed_over() -> None:
    one, other = a_story(), a_story().accept()
    both = [*links(one), *(replace(link, event_id=f"other-{link.event_id}") for link in links(other))]
    events = events_of(both, keys={str(one.application_id)})
    assert [event.type for event in events] == ["case-opened", "application-submitted"]


def test_only_the_wanted_applications_are_taken() -> None:
    midnight = datetime(2026, 9, 18, tzinfo=SHANGHAI)
    submitted = an_application_submitted(occurred_at=midnight)
    assert Wanted().takes(submitted)
    assert Wanted("panzhihua", date(2026, 9, 18)).takes(submitted)
    assert not Wanted("shangrao").takes(submitted)
    assert not Wanted(since=date(2026, 9, 19)).takes(submitted)


def test_drafts_of_two_layers_are_rehearsed_together() -> None:
    drafts = [
        a_draft("national", limits(acceptance_working_days=3)),
        a_draft(PANZHIHUA, limits(sla_working_days=10)),
    ]
    done = rehearsed(*drafts, over=[past(a_story()), accepted()])
    assert {change for change, _, _ in changes(done, Kind.DEADLINE)} == {
        "acceptance earlier",
        "decision earlier",
    }


def test_a_draft_that_makes_no_policy_is_refused_with_the_reason() -> None:
    draft = a_draft(PANZHIHUA, lambda w: w["sources"].pop("articleP"))
    with pytest.raises(Unreadable, match="articleP"):
        rehearsed(draft, over=[accepted()])


@pytest.mark.parametrize(
    ("file", "edit", "told"),
    [
        (PANZHIHUA, limits(sla_working_days=0), "every limit is at least one working day"),
        ("calendars/2026", lambda w: w["make_up_working_days"].append("2026-10-01"), "both as a day off"),
    ],
)
def test_what_nothing_can_be_counted_by_is_refused_with_the_reason(file: str, edit, told: str) -> None:
    with pytest.raises(Unreadable, match=told):
        rehearsed(a_draft(file, edit), over=[accepted()])


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
