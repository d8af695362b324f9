"""The shipped policies say what was read about the two regions, and how well it is known."""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.catalog.app import read_documents
from services.catalog.domain.showing import find_diseases, plain, with_sources
from shared import clock
from shared.calendar import Calendar
from shared.contracts.calendars import CalendarDocument
from shared.contracts.deadlines import ExpertReview
from shared.contracts.materials import MaterialRule
from shared.contracts.policies import PolicyPublished, RegionPolicy
from shared.contracts.sourced import Grade, Layer, Provenance
from shared.contracts.submissions import PhysicianTitle
from tests.support.policy_paths import found
from tests.unit.arrangements import CALENDAR, VECTORS

DOCUMENTS = read_documents()
POLICIES = {d.region: d for d in DOCUMENTS if isinstance(d, RegionPolicy)}
YEARS = [d for d in DOCUMENTS if isinstance(d, CalendarDocument)]
PANZHIHUA, SHANGRAO = POLICIES["panzhihua"], POLICIES["shangrao"]


def values(part: Any, path: str = "") -> Iterator[tuple[str, Provenance]]:
    if isinstance(part, Provenance):
        yield path, part
    elif isinstance(part, tuple):
        for place, item in enumerate(part):
            yield from values(item, f"{path}[{place}]")
    elif hasattr(type(part), "model_fields"):
        for name in type(part).model_fields:
            yield from values(getattr(part, name), f"{path}.{name}")


def rule(policy: RegionPolicy, kind: str) -> MaterialRule:
    return next(m for m in policy.materials if m.kind == kind)


@pytest.mark.parametrize("region", POLICIES)
def test_every_source_has_a_title_and_every_title_is_used(region: str) -> None:
    policy = POLICIES[region]
    named = {value.src for _, value in values(policy)} | {
        claim.src for _, value in values(policy) for claim in value.conflict
    }
    assert {source.src for source in policy.sources} == named


@pytest.mark.parametrize("region", POLICIES)
def test_an_own_choice_is_never_told_as_a_fact(region: str) -> None:
    own = [(path, value) for path, value in values(POLICIES[region]) if value.src == "own choice"]
    assert own
    assert [path for path, value in own if value.grade is not Grade.UNVERIFIED] == []


def test_only_law_and_state_notices_have_grade_a() -> None:
    lawful = {
        value.src for policy in POLICIES.values() for _, value in values(policy) if value.grade is Grade.LAW
    }
    assert lawful
    assert all("法 " in src or "条例 " in src or src.endswith("规定") for src in lawful)


def test_the_two_time_limits_and_their_rivals_are_visible() -> None:
    ours, theirs = PANZHIHUA.deadlines.sla_working_days, SHANGRAO.deadlines.sla_working_days
    assert (ours.v, ours.grade, [claim.v for claim in ours.conflict]) == (15, Grade.ANONYMOUS_PAGE, [20])
    assert (theirs.v, [claim.v for claim in theirs.conflict]) == (20, [10, 5])
    assert [claim.v for claim in PANZHIHUA.deadlines.clock_start.conflict] == ["submission"]


def test_what_comes_from_the_national_layer_says_so() -> None:
    assert PANZHIHUA.deadlines.acceptance_working_days.origin is Layer.NATIONAL
    assert PANZHIHUA.deadlines.acceptance_working_days.v == 5
    assert PANZHIHUA.deadlines.sla_working_days.origin is Layer.CITY
    assert {reason.text_zh.origin for reason in SHANGRAO.rejection_reasons} == {Layer.NATIONAL}


@pytest.mark.parametrize(
    ("region", "switch"),
    [
        ("panzhihua", "on_offline_verification"),
        ("shangrao", "on_offline_verification"),
        ("shangrao", "clock_start"),
    ],
)
def test_the_law_stands_where_a_city_is_silent(region: str, switch: str) -> None:
    value = getattr(POLICIES[region].deadlines, switch)
    assert (value.grade, value.origin) == (Grade.LAW, Layer.NATIONAL)


@pytest.mark.parametrize(
    ("part", "word"),
    [
        ("shangrao/diseases.SRG-001", "放化疗"),
        ("shangrao/diseases.SRG-007", "透析"),
        ("panzhihua/diseases.PZH-003", "放化疗"),
        ("panzhihua/diseases.PZH-004", "透析"),
        ("shangrao/national_codes.M00501", "放化疗"),
        ("shangrao/national_codes.M07801", "透析"),
    ],
)
def test_what_is_settled_elsewhere_in_part_says_which_part_in_plain_chinese(part: str, word: str) -> None:
    region, _, path = part.partition("/")
    note = found(region, f"{path}.cross_province")["note"]
    assert word in note
    assert not re.search("[a-z]", note)


def test_what_was_not_found_stays_visible() -> None:
    assert PANZHIHUA.review.expert_review.unknown
    assert SHANGRAO.review.expert_review.v is ExpertReview.REQUIRED
    assert SHANGRAO.remedy.appeal_channels.unknown
    assert all(disease.disease_class.unknown for disease in PANZHIHUA.diseases)


def test_every_switch_that_must_have_a_value_has_one() -> None:
    for policy in POLICIES.values():
        assert policy.deadlines.supplement_answer_working_days.v > 0
        assert policy.deadlines.supplement_answer_working_days.grade is Grade.UNVERIFIED
        assert policy.review.expert_quorum.v == 2
        assert policy.review.four_eyes.v
        assert policy.remedy.reconsideration_days.v == 60
        assert "60日" in policy.remedy.text_zh.v


@pytest.mark.parametrize(
    ("kinds", "met"),
    [
        ({"id_card_front", "id_card_back"}, True),
        ({"e_insurance_credential"}, True),
        ({"id_card_front"}, False),
        (set(), False),
    ],
)
def test_an_identity_paper_is_both_sides_of_the_card_or_the_credential(kinds: set[str], met: bool) -> None:
    assert rule(PANZHIHUA, "id_document").is_met_by(kinds) is met


def test_a_social_security_card_is_needless_with_the_credential() -> None:
    card = rule(PANZHIHUA, "social_security_card")
    assert card.stops_submission({"id_card_front", "id_card_back"})
    assert not card.stops_submission({"e_insurance_credential"})
    assert not card.stops_submission({"social_security_card"})


def test_a_portrait_is_for_dialysis_and_transplants_alone() -> None:
    asked = {d.code for d in PANZHIHUA.diseases if "portrait_photo" in kinds_for(PANZHIHUA, d.code, "new")}
    assert asked == {"PZH-004", "PZH-005"}


def test_a_missing_physicians_opinion_does_not_stop_a_submission_but_a_decision() -> None:
    opinion = rule(SHANGRAO, "physician_opinion")
    assert opinion.required.v
    assert not opinion.stops_submission(())
    assert opinion.needed_by.grade is Grade.UNVERIFIED
    assert opinion.signer_title_min is not None
    assert opinion.signer_title_min.v is PhysicianTitle.ASSOCIATE_CHIEF


def test_a_change_of_institution_needs_no_medical_paper() -> None:
    assert kinds_for(PANZHIHUA, "PZH-001", "institution_change") == {
        "id_document",
        "social_security_card",
        "application_form",
    }


def test_an_agent_brings_a_letter_and_a_guardian_a_proof() -> None:
    plainly = kinds_for(PANZHIHUA, "PZH-001", "new")
    assisted = {m.kind for m in PANZHIHUA.materials_for("PZH-001", "new", has_agent=True, is_minor=True)}
    assert assisted - plainly == {"authorization_letter", "guardianship_proof"}


@pytest.mark.parametrize("kind", ["authorization_letter", "guardianship_proof"])
def test_a_missing_letter_or_proof_does_not_stop_a_submission(kind: str) -> None:
    asked = rule(PANZHIHUA, kind)
    assert asked.required.v
    assert not asked.stops_submission(())
    assert asked.needed_by.grade is Grade.UNVERIFIED


def test_a_record_of_more_than_half_a_year_is_old_in_panzhihua() -> None:
    limit = rule(PANZHIHUA, "tests_or_record").max_age_months
    assert limit is not None
    assert (limit.v, [claim.v for claim in limit.conflict]) == (6, [24])
    assert rule(SHANGRAO, "medical_evidence").max_age_months is None


def test_the_excluding_diseases_exclude_each_other() -> None:
    for disease in SHANGRAO.diseases:
        for other in disease.excludes.v if disease.excludes else ():
            held = SHANGRAO.disease(other)
            assert held is not None
            assert held.excludes is not None
            assert disease.code in held.excludes.v


@pytest.mark.parametrize(
    ("region", "query", "codes"),
    [
        ("panzhihua", "高血压病", ["PZH-001"]),
        ("panzhihua", "pzh-002", ["PZH-002"]),
        ("shangrao", "老年痴呆", ["SRG-033"]),
        ("shangrao", "慢性肾功能衰竭(尿毒症期)", ["SRG-007"]),
        ("shangrao", "ｃｏｐｄ", ["SRG-018"]),
        ("shangrao", "结核", ["SRG-026", "SRG-009"]),
        ("shangrao", "没有这种病", []),
    ],
)
def test_a_disease_is_found_by_its_everyday_name(region: str, query: str, codes: list[str]) -> None:
    assert [d.code for d in find_diseases(POLICIES[region].diseases, query)] == codes


def test_an_empty_search_gives_the_catalogue_in_its_order() -> None:
    assert find_diseases(SHANGRAO.diseases, "") == list(SHANGRAO.diseases)
    assert len(SHANGRAO.diseases) == 35


def test_plain_values_stand_alone_and_the_unknown_is_null() -> None:
    shown = plain(with_sources(PANZHIHUA))
    assert shown["deadlines"]["sla_working_days"] == 15
    assert shown["review"]["expert_review"] is None
    assert "grade" in shown["sources"][0]


def test_values_with_sources_say_what_is_unknown() -> None:
    shown = with_sources(PANZHIHUA)
    assert shown["review"]["expert_review"]["unknown"] is True
    assert shown["hotline"]["conflict"] == [{"v": "0812-12393", "src": "C-PZH-WINDOW"}]


@pytest.mark.parametrize("region", POLICIES)
def test_a_policy_survives_the_bus(region: str) -> None:
    stated = PolicyPublished(
        occurred_at=datetime(2026, 11, 20, tzinfo=UTC),
        region=region,
        policy_version=1,
        content_hash="0" * 64,
        document=POLICIES[region],
    )
    assert PolicyPublished.read(stated.model_dump_json(exclude_none=True).encode()) == stated


def test_the_shipped_calendars_are_the_arranged_ones() -> None:
    shipped = Calendar.of(YEARS)
    assert dict(shipped.special_days) == dict(CALENDAR.special_days)
    for accepted, dues in VECTORS:
        started = clock.start(15, date.fromisoformat(accepted))
        assert clock.due(started, shipped).on == date.fromisoformat(dues[1])


def kinds_for(policy: RegionPolicy, disease: str, application_type: str) -> set[str]:
    return {m.kind for m in policy.materials_for(disease, application_type)}
