"""The 67 recognition standards of Jiangxi say what was read about them."""

import re
from collections import Counter

import pytest

from shared.contracts.sourced import Grade, Layer
from shared.contracts.standards import (
    Aged,
    AllOf,
    AtLeast,
    Found,
    Issuer,
    Measured,
    PaperShown,
    Scope,
    Sex,
    Tier,
    Treated,
    nodes_of,
)
from shared.contracts.submissions import PhysicianTitle
from shared.recognition.wording import KINDS
from tests.support.provinces import standards_of, written

STANDARDS = {standard.code: standard for standard in standards_of("jiangxi")}
CODES = [f"JX-{number:03}" for number in range(1, 68)]

SUMMARY, CERTIFICATE = ("discharge_summary",), ("diagnosis_certificate",)
ALTERNATIVES = {"D": (SUMMARY, CERTIFICATE), "D!": (SUMMARY,), "D+": (SUMMARY + CERTIFICATE,)}
BEST = "3A"
PAPERS = {
    "L2 D!": {14, 20, 21},
    "L3 D!": {22},
    "L3 D": {38, 40},
    "3A D": {29, 30, 41, 43, 47, 50, 51, 52, 64} | {10, 27},
    "3A D+": {42, 56, 58},
    "any D": {13},
}
"""Which of the 67 ask for something else than a level 2 hospital's summary or certificate."""


def nodes(number: int, kind: type) -> list:
    """All nodes of a kind in the tree of a disease."""
    return [node for node in nodes_of(STANDARDS[f"JX-{number:03}"].tree.v) if isinstance(node, kind)]


def node(number: int, name: str):
    return next(one for one in nodes_of(STANDARDS[f"JX-{number:03}"].tree.v) if one.id == name)


def asked_of(number: int) -> str:
    """The diagnosis paper of a disease, as the table of the field writes it."""
    first = nodes(number, PaperShown)[0]
    short = next(name for name, alternatives in ALTERNATIVES.items() if alternatives == first.any_of)
    issuer = first.issuer or Issuer()
    level = BEST if issuer.tier is Tier.FIRST else f"L{issuer.level}" if issuer.level else "any"
    return f"{level} {short}"


def test_all_67_are_there_once_in_their_order():
    assert list(STANDARDS) == CODES
    assert Counter(s.scope.v for s in STANDARDS.values()) == {Scope.BASIC: 35, Scope.EXTENSION: 32}
    assert all((s.scope.v is Scope.BASIC) == (s.code <= "JX-035") for s in STANDARDS.values())
    assert len({standard.name.v for standard in STANDARDS.values()}) == 67


def test_every_value_has_a_listed_source_and_comes_from_the_province():
    values = [part for s in STANDARDS.values() for part in (s.name, s.scope, s.tree)]
    assert {value.src for value in values} <= set(written("jiangxi")["sources"])
    assert {value.grade for value in values} == {Grade.CONNECTED_SYSTEM}
    assert {value.origin for value in values} == {Layer.PROVINCE}


def test_every_tree_says_that_it_is_condensed():
    assert all("check" in (s.tree.note or "") for s in STANDARDS.values())


def test_a_slot_without_a_name_says_so_in_its_text_and_in_the_note():
    generic = {
        (standard.code, one.finding)
        for standard in STANDARDS.values()
        for one in nodes_of(standard.tree.v)
        if isinstance(one, Found) and "官方文本" in one.text
    }
    named = {finding for _, finding in generic}
    stated = {f for f in named if f.startswith("JX-")}
    assert named - stated == {"severe-mental-disorder-as-defined"}
    assert all(code in finding for code, finding in generic if finding in stated)
    for code, _ in generic:
        assert "check the official text" in STANDARDS[code].tree.note
    of_the_province = {
        one.finding
        for standard in STANDARDS.values()
        for one in nodes_of(standard.tree.v)
        if isinstance(one, Found) and one.finding.startswith("JX-")
    }
    assert of_the_province == stated


@pytest.mark.parametrize("number", range(1, 68))
def test_each_asks_for_the_diagnosis_paper_of_its_row(number):
    expected = next((asked for asked, numbers in PAPERS.items() if number in numbers), "L2 D")
    assert asked_of(number) == expected


def test_specialists_signers_and_departments_are_those_of_their_rows():
    severe, mental = nodes(10, PaperShown)[0], nodes(27, PaperShown)[0]
    assert severe.issuer.speciality == mental.issuer.speciality == "精神专科"
    assert (severe.signers, severe.signer_title_min) == (2, PhysicianTitle.ASSOCIATE_CHIEF)
    assert (mental.signers, mental.signer_title_min) == (None, PhysicianTitle.ATTENDING)
    departments = {
        n: d for n in range(1, 68) if (d := (nodes(n, PaperShown)[0].issuer or Issuer()).department)
    }
    assert departments == {42: "神经内科", 43: "神经内科", 47: "血液", 58: "风湿"}
    assert node(40, "pathology").issuer.level == 3
    assert node(46, "hormone-report").issuer == Issuer(level=2, tier=Tier.FIRST)


VISITS = {
    6: (3, 1, None, None, 12),
    10: (1, 1, None, None, 24),
    12: (3, 1, None, None, None),
    15: (3, 1, 24, None, None),
    16: (3, 1, 12, None, None),
    17: (3, 1, None, None, 24),
    19: (3, 1, None, None, 6),
    20: (3, 1, None, None, 6),
    23: (3, 1, 24, None, None),
    25: (3, 1, None, None, 6),
    27: (3, 1, None, None, 12),
    28: (3, 1, 24, None, None),
    36: (3, 1, None, 6, None),
    45: (3, None, None, 3, None),
    46: (3, None, None, 3, None),
    49: (3, None, 12, None, None),
    53: (3, 1, 36, None, None),
    55: (3, 1, None, None, 12),
    63: (3, 1, 24, None, None),
}
"""Outpatient visits, stays, look-back, span and course in months."""


def test_visits_stays_and_courses_are_those_of_their_rows():
    found = {
        n: (t.outpatient, t.inpatient, t.within_months, t.span_months, t.since_months)
        for n in range(1, 68)
        for t in nodes(n, Treated)
    }
    assert found == VISITS


THRESHOLDS = {
    (7, "<=", 15.0, "ml/min", None, 2),
    (7, ">=", 707.0, "µmol/L", None, 2),
    (11, ">=", 1.0, "年", None, 1),
    (11, "<=", -2.0, "SD", None, 1),
    (19, ">=", 20.0, "%", None, 1),
    (32, "<=", -2.5, "SD", None, 1),
    (32, "<=", -3.0, "SD", None, 1),
    (32, "<=", 80.0, "mg/cm³", None, 1),
    (34, ">", 20.0, "滴度倒数", None, 1),
    (39, ">", 10000.0, "次/24小时", None, 1),
    (39, ">", 10.0, "%", None, 1),
    (53, ">", 416.0, "µmol/L", Sex.MALE, 1),
    (53, ">", 357.0, "µmol/L", Sex.FEMALE, 1),
    (61, ">", 0.4, "cm", None, 1),
    (66, ">=", 25.0, "mmHg", None, 1),
    (66, ">=", 40.0, "mmHg", None, 1),
}


def test_thresholds_have_the_units_the_sex_and_the_counts_of_their_rows():
    assert {
        (n, str(m.compare), m.threshold, m.unit, m.sex, m.count)
        for n in range(1, 68)
        for m in nodes(n, Measured)
    } == THRESHOLDS


def test_look_backs_of_papers_and_findings_are_those_of_their_rows():
    found = [
        (n, one.within_months)
        for n in range(1, 68)
        for kind in (PaperShown, Found)
        for one in nodes(n, kind)
        if one.within_months
    ]
    per_row = {
        1: [24], 2: [24], 8: [24], 11: [24], 12: [24] * 5, 14: [24], 16: [12], 17: [24],
        18: [24] * 3, 19: [36], 26: [12], 55: [36],
    }  # fmt: skip
    assert {n: [w for m, w in found if m == n] for n, _ in found} == per_row


def test_counts_of_findings_are_those_of_their_rows():
    found = {(n, one.count) for n in range(1, 68) for one in nodes(n, Found) if one.count > 1}
    assert found == {(8, 2), (23, 2), (25, 2), (28, 2), (48, 3)}


N_OF = {
    1: [(1, 3)], 2: [(2, 4)], 3: [(1, 3)], 4: [(1, 2)], 7: [(1, 3), (1, 2)], 8: [(1, 2)], 9: [(1, 2)],
    11: [(1, 2)], 12: [(1, 5)], 13: [(1, 2)], 16: [(1, 3)], 17: [(1, 2)], 18: [(1, 3)], 19: [(1, 2)],
    20: [(1, 2)], 23: [(1, 2)], 25: [(1, 4)], 28: [(1, 2)], 32: [(1, 3)], 34: [(1, 2)], 35: [(1, 3)],
    39: [(1, 3), (1, 2)], 51: [(1, 3)], 52: [(1, 2)], 53: [(1, 3)],
}  # fmt: skip


def test_choices_are_those_of_their_rows():
    found = {n: [(a.n, len(a.of)) for a in nodes(n, AtLeast)] for n in range(1, 68)}
    assert {n: choices for n, choices in found.items() if choices} == N_OF


def test_the_either_or_of_coronary_disease_is_of_two_complete_branches():
    tree = STANDARDS["JX-013"].tree.v
    assert isinstance(tree, AtLeast)
    assert [type(branch) for branch in tree.of] == [AllOf, AllOf]
    assert all(isinstance(branch.of[0], PaperShown) for branch in tree.of)


def test_age_exclusions_and_other_payers_are_those_of_their_rows():
    assert {n: a.at_most for n in range(1, 68) for a in nodes(n, Aged)} == {37: 14}
    excluded = {(n, f.finding) for n in range(1, 68) for f in nodes(n, Found) if not f.expected}
    assert excluded == {
        (9, "benefit-held.JX-026"),
        (26, "benefit-held.JX-009"),
        (27, "organic-cause"),
        (55, "other-payer.work-injury"),
    }


def test_every_text_is_chinese_and_every_paper_has_a_name():
    for standard in STANDARDS.values():
        for one in nodes_of(standard.tree.v):
            assert re.search(r"[\u4e00-\u9fff]", one.text), one.text
            if isinstance(one, PaperShown):
                assert {kind for alternative in one.any_of for kind in alternative} <= set(KINDS)


def test_every_extension_has_everyday_names_for_the_search_alone():
    for standard in STANDARDS.values():
        if standard.scope.v is Scope.EXTENSION:
            assert standard.aliases is not None
            assert standard.aliases.v
            assert (standard.aliases.src, standard.aliases.grade) == ("own choice", Grade.UNVERIFIED)
    names = [name for s in STANDARDS.values() if s.aliases for name in s.aliases.v]
    assert [name for name, times in Counter(names).items() if times > 1] == []


def test_the_national_codes_of_extensions_are_those_that_were_read():
    coded = {s.code: s.national_code for s in STANDARDS.values() if s.national_code}
    assert {code: held.v for code, held in coded.items() if held.v} == {
        "JX-051": "M06501",
        "JX-052": "M06700",
        "JX-054": "M00300",
        "JX-057": "M01001",
        "JX-064": "M02900",
        "JX-066": "M04000",
    }
    assert len(coded) == 32


@pytest.mark.parametrize(
    ("number", "read"),
    [
        (8, "follow each other or not"),
        (9, "until an officer enters it"),
        (10, "one visit or stay"),
        (21, "one finding"),
        (23, "counts as one of the two"),
        (26, "until an officer enters it"),
        (46, "need not come from it"),
        (55, "until an officer enters it"),
    ],
)
def test_what_is_read_loosely_is_named(number, read):
    assert read in STANDARDS[f"JX-{number:03}"].tree.note
