"""All that is wrong with a submission is told at once, in both languages."""

from dataclasses import replace
from datetime import date

import pytest

from services.intake.domain.defects import TEXTS
from services.intake.domain.validating import MIB, Findings, StoredMaterial, examine, is_minor, months_before
from tests.support.intake import (
    CHANNEL,
    PAPER,
    TODAY,
    a_body,
    a_material,
    a_rule,
    a_rulebook,
    an_id_number,
    an_offer,
    said,
    uploaded,
)

RULES, STORED = a_rulebook(), uploaded().stored
AGENT = {"name": "代办人", "id_number": an_id_number("19700101"), "phone": "19900005678", "relation": "子女"}


def examined(rules=RULES, channel=CHANNEL, stored=STORED, today=TODAY, **changes) -> Findings:
    return examine(an_offer(**changes).offered, channel, rules, stored, today)


def told(**changes) -> list[tuple[str, str]]:
    return [(defect.code, defect.field) for defect in examined(**changes).defects]


def applicant(**changes):
    return a_body()["applicant"] | changes


def test_outside_of_the_windows_the_next_opening_is_told():
    window = {"id": "spring", "opens": "01-01", "closes": "01-02", "effective": said("2027")}
    rules = a_rulebook(intake_mode=said("windows"), intake_windows=[window])
    (told_once,) = examined(rules).defects
    assert (told_once.code, told_once.field) == ("intake-closed", "application_type")
    assert "-01-01" in told_once.detail_zh


def test_a_complete_submission_has_no_defect():
    assert examined() == Findings([], [])


def test_all_defects_are_told_at_once():
    assert told(
        channel="leaflet",
        application_type="change",
        applicant_class="flexible",
        disease_code="PZH-099",
        applicant=applicant(name=" ", id_number="990101199001010011", phone="12345"),
        agent=AGENT | {"phone": "110"},
        materials=[],
        declared_true=False,
        notice=None,
    ) == [
        ("channel-not-in-region", "region"),
        ("application-type-not-offered", "application_type"),
        ("applicant-class-unknown", "applicant_class"),
        ("disease-not-in-catalogue", "disease_code"),
        ("name-blank", "applicant.name"),
        ("id-number-checksum", "applicant.id_number"),
        ("phone-invalid", "applicant.phone"),
        ("phone-invalid", "agent.phone"),
        ("material-missing", "materials.id_document"),
        ("material-missing", "materials.tests_or_record"),
        ("material-missing", "materials.authorization_letter"),
        ("truth-not-declared", "declared_true"),
        ("notice-not-read", "notice"),
    ]


def test_every_defect_is_worded_in_both_languages():
    assert all(english and any("一" <= c <= "鿿" for c in chinese) for english, chinese in TEXTS.values())


def test_a_missing_paper_is_named_as_the_policy_names_it():
    missing = examined(materials=[a_material("test_report")]).defects
    assert [d.detail_zh for d in missing] == ["缺少材料：材料id_document。"]


@pytest.mark.parametrize("kinds", [["id_card_front", "id_card_back"], ["e_insurance_credential"]])
def test_one_alternative_is_enough(kinds):
    assert told(materials=[a_material(kind) for kind in [*kinds, "outpatient_record"]]) == []


def test_half_of_an_alternative_is_not():
    assert told(materials=[a_material("id_card_front"), a_material("test_report")]) == [
        ("material-missing", "materials.id_document")
    ]


def test_a_paper_can_make_another_needless():
    rules = a_rulebook(materials=[a_rule("social_security_card", unless=["e_insurance_credential"])])
    assert told(rules=rules) == []
    assert told(rules=rules, materials=[a_material("test_report")]) != []


def test_what_is_needed_by_the_decision_does_not_stop_a_submission():
    assert told(rules=a_rulebook(materials=[a_rule("physician_opinion", needed_by=said("decision"))])) == []


def test_an_agent_needs_a_letter_and_is_another_person():
    letter = a_material("authorization_letter")
    materials = [*a_body()["materials"], letter]
    assert told(agent=AGENT) == [("material-missing", "materials.authorization_letter")]
    assert told(agent=AGENT, materials=materials) == []
    same = AGENT | {"id_number": an_id_number()}
    assert told(agent=same, materials=materials) == [("agent-is-applicant", "agent.id_number")]


def test_a_paper_for_minors_is_asked_for_minors_only():
    rules = a_rulebook(materials=[a_rule("guardianship_proof", when={"by_minor": True})])
    assert told(rules=rules) == []
    child = applicant(id_number=an_id_number("20150101"))
    assert told(rules=rules, applicant=child) == [("material-missing", "materials.guardianship_proof")]


@pytest.mark.parametrize(("today", "minor"), [(date(2026, 9, 17), True), (date(2026, 9, 18), False)])
def test_a_minor_comes_of_age_on_the_eighteenth_birthday(today, minor):
    person = an_offer(applicant=applicant(id_number=an_id_number("20080918"))).offered.applicant
    assert is_minor(person, today) is minor


def test_a_paper_that_was_not_uploaded_is_told():
    assert told(stored={}) == [
        ("material-not-uploaded", "materials.0.content_hash"),
        ("material-not-uploaded", "materials.1.content_hash"),
    ]


@pytest.mark.parametrize("stored", [StoredMaterial(30, "application/pdf"), StoredMaterial(29, "image/png")])
def test_a_paper_must_be_as_it_was_uploaded(stored):
    assert told(stored={PAPER: stored}) == [
        ("material-differs", "materials.0"),
        ("material-differs", "materials.1"),
    ]


def test_limits_of_the_region_hold():
    rules = a_rulebook(
        upload={
            "max_file_mib": said(1),
            "max_submission_mib": said(1),
            "max_files": said(1),
            "content_types": said(["image/png"]),
        }
    )
    size = MIB + 1
    stored = {PAPER: StoredMaterial(size, "application/pdf")}
    materials = [a_material(k, size=size) for k in ("e_insurance_credential", "test_report")]
    codes = {code for code, _ in told(rules=rules, stored=stored, materials=materials)}
    assert codes == {
        "too-many-files",
        "submission-too-large",
        "file-too-large",
        "content-type-not-allowed",
    }


def test_the_notice_must_be_the_current_one():
    old = {"version": "notice-0", "read_at": "2026-09-18T03:50:00Z"}
    (defect,) = examined(notice=old).defects
    assert (defect.code, defect.field) == ("notice-outdated", "notice.version")
    assert "notice-1" in defect.detail


def test_an_old_paper_is_a_warning_and_no_defect():
    rules = a_rulebook(materials=[a_rule("test_report", max_age_months=said(6))])
    for issued_on, warned in [("2026-03-18", False), ("2026-03-17", True)]:
        found = examined(rules=rules, materials=[a_material("test_report", issued_on=issued_on)])
        assert found.defects == []
        assert [w.code for w in found.warnings] == (["material-too-old"] if warned else [])


def test_stamp_issuer_and_title_are_warnings():
    rules = a_rulebook(
        materials=[
            a_rule("test_report", stamp=said(True), issuer_level_min=said(2)),
            a_rule("physician_opinion", signer_title_min=said("associate_chief")),
        ]
    )
    opinion = {
        "physician": "测试医师",
        "title": "attending",
        "department": "心内科",
        "institution": "测试医院",
        "opinion": "符合",
        "signed_on": "2026-09-01",
    }
    materials = [a_material("test_report", stamped=False, issuer_level=1)]
    found = examined(rules=rules, materials=materials, physician_opinion=opinion)
    assert found.defects == []
    assert [w.code for w in found.warnings] == ["issuer-level-low", "stamp-missing", "signer-title-low"]


def test_the_same_papers_are_asked_for_again_after_a_new_version():
    newer = replace(a_rulebook(version=2, materials=[a_rule("portrait_photo")]))
    assert told(rules=newer) == [("material-missing", "materials.portrait_photo")]


@pytest.mark.parametrize(
    ("day", "months", "before"),
    [
        (date(2026, 9, 18), 6, date(2026, 3, 18)),
        (date(2026, 8, 31), 6, date(2026, 2, 28)),
        (date(2026, 1, 15), 6, date(2025, 7, 15)),
        (date(2024, 8, 31), 6, date(2024, 2, 29)),
    ],
)
def test_months_end_on_the_last_day_there_is(day, months, before):
    assert months_before(day, months) == before
