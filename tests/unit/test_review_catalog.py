"""Review applies what catalog publishes: the newest calendar, the pinned policy, the papers of the region."""

from datetime import date, time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.catalog.app import read_documents
from services.review import domain
from services.review.domain import Rulebook
from services.review.store.cases import DOSSIER
from shared import clock
from shared.contracts.calendars import CalendarDocument
from shared.contracts.deadlines import AfterHours, ClockStart, ExpertReview, OnSupplement
from shared.contracts.policies import RegionPolicy
from shared.contracts.sourced import Grade
from shared.errors import Unavailable
from shared.masks import masked_name, masked_number
from tests.support.cases import an_opinion, opinion_rule, some_rules
from tests.support.samples import a_person, an_application_submitted

TODAY = date(2026, 9, 18)


@pytest.fixture(scope="module")
def policies():
    """The policies as catalog publishes them."""
    found = read_documents()
    return {policy.region: policy for policy in found if isinstance(policy, RegionPolicy)}


def a_calendar(year, version=1, source="国办发明电"):
    return CalendarDocument(
        year=year,
        version=version,
        source=source,
        grade=Grade.LAW,
        announced_on=date(year - 1, 11, 4),
        days_off=(),
    )


def test_the_published_policies_say_what_review_needs(policies):
    panzhihua, shangrao = (domain.rules_of(policies[name]) for name in ("panzhihua", "shangrao"))
    assert (panzhihua.sla_working_days, shangrao.sla_working_days) == (15, 20)
    assert (panzhihua.admdvs, shangrao.admdvs) == ("510400", "361100")
    assert (panzhihua.expert_review, shangrao.expert_review) == (None, ExpertReview.REQUIRED)
    assert shangrao.expert_quorum == 2
    assert (panzhihua.clock_start, panzhihua.on_supplement) == (ClockStart.ACCEPTANCE, OnSupplement.PAUSE)
    assert "RECORD_TOO_OLD" in panzhihua.reasons
    assert "60" in panzhihua.remedy
    assert [rule.kind for rule in shangrao.needed_for_decision] == ["physician_opinion"]


def test_closing_time_counts_only_where_the_policy_says_so(policies):
    policy = policies["panzhihua"]
    assert domain.rules_of(policy).closes_at is None
    switch = policy.deadlines.after_hours_acceptance.model_copy(update={"v": AfterHours.NEXT_WORKING_DAY})
    deadlines = policy.deadlines.model_copy(update={"after_hours_acceptance": switch})
    assert domain.rules_of(policy.model_copy(update={"deadlines": deadlines})).closes_at == time(17)


def test_a_case_keeps_the_version_it_was_submitted_under():
    book = Rulebook.of([some_rules(version=1), some_rules(version=2, sla_working_days=20)], [])
    assert book.rules("panzhihua", 1, TODAY).sla_working_days == 15
    assert [rules.version for rules in book.newest()] == [2]


def test_a_version_that_compaction_swallowed_is_replaced_by_the_next():
    book = Rulebook.of([some_rules(version=3), some_rules(version=4)], [])
    assert book.rules("panzhihua", 2, TODAY).version == 3


@pytest.mark.parametrize(("region", "version"), [("shangrao", 1), ("panzhihua", 2)])
def test_a_policy_that_is_not_known_yet_makes_wait(region, version):
    with pytest.raises(Unavailable, match="policy-unknown"):
        Rulebook.of([some_rules(version=1)], []).rules(region, version, TODAY)


def test_of_two_calendars_of_a_year_the_newer_version_counts():
    calendars = [a_calendar(2027, 2, "second"), a_calendar(2027, 1, "first")]
    calendar = Rulebook.of([some_rules()], calendars).calendar(some_rules())
    assert calendar.years == {2027: "second"}


@given(st.dates(date(2025, 1, 1), date(2027, 1, 20)))
def test_the_first_due_date_is_that_of_the_clock(day):
    book = Rulebook.of([some_rules()], [a_calendar(2025), a_calendar(2026)])
    found = book.first_due(some_rules(), day)
    counted = clock.due(clock.start(5, day), book.calendar(some_rules()))
    assert (found.on, found.provisional) == (counted.on, counted.provisional)


def test_a_minor_is_known_by_the_identity_number():
    born = "990101200809180015"
    assert domain.is_minor(a_person(id_number=born), date(2026, 9, 17))
    assert not domain.is_minor(a_person(id_number=born), date(2026, 9, 18))
    assert not domain.is_minor(a_person(id_type="08", id_number="P1234567"), date(2026, 9, 18))
    assert not domain.is_minor(a_person(id_number="990101200813990015"), date(2026, 9, 18))


def test_a_persons_data_is_masked():
    assert (masked_name("欧阳测试"), masked_name("测")) == ("欧***", "测")
    assert masked_number("990101199001010012") == "9901**********0012"
    assert masked_number("P1234567") == "********"


def test_papers_are_asked_for_by_disease_type_and_person():
    rule = opinion_rule(when={"application_types": ("renewal",)})
    dossier = domain.Dossier(an_application_submitted())
    assert domain.missing(dossier, "PZH-001", [rule], date(2026, 9, 18)) == []
    assert domain.missing(dossier, "PZH-001", [opinion_rule()], date(2026, 9, 18)) == [opinion_rule()]
    signed = domain.Dossier(an_application_submitted(physician_opinion=an_opinion()))
    assert domain.missing(signed, "PZH-001", [opinion_rule()], date(2026, 9, 18)) == []


def test_nobody_reads_a_person_out_of_a_dossier_that_is_written_down():
    dossier = domain.Dossier(an_application_submitted())
    assert dossier.person.applicant.phone == "19900001234"
    assert "19900001234" not in repr(dossier)
    assert b"19900001234" not in DOSSIER.dump_json(dossier)
