"""What an applicant may do with an application, and what not."""

from dataclasses import replace

import pytest

from services.intake.domain.answering import (
    Supplement,
    require_reach,
    still_missing,
    supply_material,
    withdraw,
)
from services.intake.domain.defects import defect
from services.intake.domain.following import Status, evolve
from services.intake.domain.papers import facts_of
from shared.contracts.submissions import Material
from shared.errors import Refused
from tests.support.intake import LOOKUP_KEY, NOON, a_material
from tests.unit.test_intake_following import accepted, after, decided, requested

PAPERS = Supplement((Material.model_validate(a_material("test_report")),))
ASKED = after(accepted(), requested())


def refused(call, *arguments) -> Refused:
    with pytest.raises(Refused) as caught:
        call(*arguments)
    return caught.value


def test_a_supplement_answers_the_round_that_asked():
    (event,) = supply_material(ASKED, PAPERS, [], LOOKUP_KEY, NOON)
    assert (event.round, event.materials) == (1, facts_of(LOOKUP_KEY, PAPERS.materials))
    assert [one.content_hash for one in event.private.papers] == [m.content_hash for m in PAPERS.materials]


def test_nobody_supplies_what_was_not_asked_for():
    assert (
        refused(supply_material, after(accepted()), PAPERS, [], LOOKUP_KEY, NOON).code
        == "supplement-not-asked"
    )


def test_the_same_papers_again_change_nothing():
    answered = evolve(ASKED, supply_material(ASKED, PAPERS, [], LOOKUP_KEY, NOON))
    assert supply_material(answered, PAPERS, [], LOOKUP_KEY, NOON) == []
    others = Supplement((Material.model_validate(a_material("outpatient_record")),))
    assert refused(supply_material, answered, others, [], LOOKUP_KEY, NOON).code == "supplement-not-asked"


def test_an_empty_supplement_is_no_answer():
    error = refused(supply_material, ASKED, Supplement(()), [], LOOKUP_KEY, NOON)
    assert [d["code"] for d in error.extra["defects"]] == ["nothing-supplied"]


def test_defects_of_a_supplement_are_listed():
    found = [defect("material-not-uploaded", "materials.0.content_hash")]
    error = refused(supply_material, ASKED, PAPERS, found, LOOKUP_KEY, NOON)
    assert (error.status, error.extra["defects"][0]["field"]) == (422, "materials.0.content_hash")


def test_kinds_that_are_still_missing_are_named():
    assert still_missing(["physician_opinion", "test_report"], PAPERS) == ["physician_opinion"]


def test_an_application_is_withdrawn_once():
    (event,) = withdraw(ASKED, "不需要了", NOON)
    assert event.private.reason == "不需要了"
    assert withdraw(evolve(ASKED, [event]), None, NOON) == []


def test_a_decision_cannot_be_withdrawn():
    assert refused(withdraw, after(accepted(), decided()), None, NOON).code == "already-decided"


@pytest.mark.parametrize(
    ("channel", "serves"), [("panzhihua_miniprogram", ()), ("panzhihua_window", ("panzhihua",))]
)
def test_the_submitting_channel_and_those_of_the_region_reach_an_application(channel, serves):
    assert require_reach(ASKED, channel, serves) is ASKED


@pytest.mark.parametrize("application", [None, replace(ASKED, status=Status.APPROVED)])
def test_for_others_it_is_as_if_it_were_not_there(application):
    error = refused(require_reach, application, "ganfutong", ("shangrao",))
    assert (error.code, error.status) == ("application-unknown", 404)
