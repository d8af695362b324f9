"""A rehearsal tells what a draft would have changed for past applications, by the services' own rules."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from deploy.policy.differences import Kind
from shared.errors import Unreadable
from tests.support.cases import FIRST
from tests.support.rehearsing import (
    a_draft,
    a_policy,
    a_sheet,
    a_story,
    accepted,
    answered,
    based_on,
    changes,
    limits,
    past,
    reasons,
    rehearsed,
)

PANZHIHUA = "regions/panzhihua"


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
    draft = a_draft(PANZHIHUA, lambda w: w["sources"].pop("C-PZH-GEO"))
    with pytest.raises(Unreadable, match="C-PZH-GEO"):
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
