"""What staff are told by the recognition standard of a case's disease; it never decides."""

from uuid import uuid4

import pytest

from services.review import actions
from shared.contracts.policies import PolicyPublished
from shared.contracts.standards import Standard
from tests.support.cases import a_material
from tests.support.recognition import a_standard
from tests.support.review_desk import PUBLISHED, in_shangrao, refused
from tests.support.samples import NOON

WITH, CHANGED, WITHOUT = 102, 103, 104
"""Versions of Shangrao's policy: with a standard for SRG-012, with a stricter one, and without any."""

DISEASE = "SRG-012"


def a_tree(level: int) -> dict:
    """A discharge summary or certificate of a level, from the last two years, and two visits or a finding."""
    return {
        "id": "all",
        "text": "诊断材料，以及就诊记录或检查所见",
        "test": "all",
        "of": [
            {
                "id": "diagnosis",
                "text": "出院小结或疾病诊断证明书",
                "test": "paper",
                "any_of": [["discharge_summary"], ["diagnosis_certificate"]],
                "issuer": {"level": level},
                "within_months": 24,
            },
            {
                "id": "either",
                "text": "两次门诊或检查所见",
                "test": "at_least",
                "n": 1,
                "of": [
                    {"id": "visits", "text": "两次门诊", "test": "treated", "outpatient": 2},
                    {"id": "seen", "text": "检查所见", "test": "found", "finding": "kidney"},
                ],
            },
        ],
    }


def a_policy(version: int, *standards: Standard) -> PolicyPublished:
    """Shangrao's policy as a version with these standards; the first is that of the disease."""
    (published,) = [p for p in PUBLISHED if isinstance(p, PolicyPublished) and p.region == "shangrao"]
    code = standards[0].code if standards else None
    diseases = [
        d.model_copy(update={"standard": code if d.code == DISEASE else None})
        for d in published.document.diseases
    ]
    changes = {"version": version, "standards": standards, "diseases": tuple(diseases)}
    document = published.document.model_copy(update=changes)
    return published.model_copy(update={"policy_version": version, "document": document})


@pytest.fixture
async def desk(desk):
    """The desk knows three more versions of Shangrao's policy."""
    policies = [
        a_policy(WITH, a_standard("JX-012", a_tree(2))),
        a_policy(CHANGED, a_standard("JX-012", a_tree(3))),
        a_policy(WITHOUT),
    ]
    async with desk.database.transaction() as tx:
        await actions.keep_policies(tx, policies, NOON)
    return desk


def a_certificate(level: int | None = 2, **changes):
    values = {"issuer_level": level, "issued_on": NOON.date(), **changes}
    return a_material("diagnosis_certificate").model_copy(update=values)


def a_case(*materials, version: int = WITH, **changes):
    return in_shangrao(materials=list(materials), policy_version=version, disease_code=DISEASE, **changes)


def by_node(answer) -> dict[str, str]:
    """What was said of each node."""
    said, left = {}, [answer.json()["advice"]["tree"]]
    while left:
        node = left.pop()
        said[node["id"]] = node["fulfilment"]
        left += node["parts"]
    return said


async def read(desk, case, who: str = "srg-first-1"):
    return await desk.get(who, f"/cases/{case}/advice")


async def test_the_papers_are_judged_and_what_nobody_read_is_not_shown(desk):
    case = await desk.receive(a_case(a_certificate()))
    answer = await read(desk, case)
    assert answer.status_code == 200
    assert by_node(answer) == {
        "all": "not_shown",
        "diagnosis": "met",
        "either": "not_shown",
        "visits": "not_shown",
        "seen": "not_shown",
    }


async def test_a_paper_that_is_not_enough_is_told_in_both_languages(desk):
    case = await desk.receive(a_case(a_certificate(level=1)))
    advice = (await read(desk, case)).json()["advice"]
    diagnosis = advice["tree"]["parts"][0]
    assert advice["fulfilment"] == diagnosis["fulfilment"] == "not_met"
    assert diagnosis["reason_zh"] == "疾病诊断证明书由一级医院出具，需二级及以上"
    assert (
        diagnosis["reason_en"]
        == "the diagnosis certificate is from a level 1 hospital, level 2 or above is needed"
    )


async def test_advice_names_its_standard_and_source_and_says_that_it_does_not_decide(desk):
    case = await desk.receive(a_case(a_certificate()))
    shown = (await read(desk, case)).json()
    assert shown["standard"] == {
        "code": "JX-012",
        "name": "测试病种",
        "scope": "basic",
        "src": "F-JX67",
        "grade": "B",
        "note": None,
    }
    assert shown["policy_version"] == WITH
    assert "a named person decides" in shown["advice"]["note_en"]
    assert "不是认定结论" in shown["advice"]["note_zh"]


async def test_a_supplement_is_judged_beside_what_was_there_before(desk):
    case = await desk.receive(a_case(a_certificate(level=1)))
    await desk.done("srg-officer-1", case, "accept")
    asked = {"items": [{"kind": "diagnosis_certificate", "detail": "请补充二级医院的证明。"}]}
    await desk.done("srg-first-1", case, "material-requests", asked)
    await desk.supply(case, materials=[a_certificate(level=3)])
    assert by_node(await read(desk, case))["diagnosis"] == "met"


async def test_months_are_counted_back_from_the_day_of_receipt_however_late_one_asks(desk):
    issued = NOON.date().replace(year=NOON.year - 2)
    case = await desk.receive(a_case(a_certificate(issued_on=issued)))
    desk.later(days=300)
    answer = await read(desk, case)
    assert by_node(answer)["diagnosis"] == "met"
    assert answer.json()["evidence"]["applied_on"] == NOON.date().isoformat()


async def test_a_case_is_judged_by_the_version_that_binds_it_not_by_a_newer_one(desk):
    before = await desk.receive(a_case(a_certificate(level=2)))
    after = await desk.receive(a_case(a_certificate(level=2), version=CHANGED))
    assert by_node(await read(desk, before))["diagnosis"] == "met"
    assert by_node(await read(desk, after))["diagnosis"] == "not_met"


async def test_what_an_officer_read_completes_the_advice(desk):
    case = await desk.receive(a_case(a_certificate()))
    read_in_papers = {
        "visits": {"outpatient": ["2026-03-01"]},
        "findings": [{"finding": "kidney", "present": True}],
    }
    answer = await desk.post("srg-first-1", case, "advice", read_in_papers)
    assert answer.status_code == 200
    assert by_node(answer) == {
        "all": "met",
        "diagnosis": "met",
        "either": "met",
        "visits": "not_met",
        "seen": "met",
    }


async def test_a_paper_that_an_officer_describes_stands_for_those_of_its_kind(desk):
    case = await desk.receive(a_case(a_certificate(level=3)))
    described = {"kind": "diagnosis_certificate", "issuer_level": 1, "issued_on": "2026-09-01"}
    answer = await desk.post("srg-first-1", case, "advice", {"papers": [described]})
    assert by_node(answer)["diagnosis"] == "not_met"
    summary = {**described, "kind": "discharge_summary"}
    beside = await desk.post("srg-first-1", case, "advice", {"papers": [summary]})
    assert by_node(beside)["diagnosis"] == "met"


async def test_entered_evidence_leaves_no_trace_but_the_look(desk):
    case = await desk.receive(a_case(a_certificate()))
    before = await desk.database.fetch("SELECT * FROM cases")
    stated = await desk.stated(case)
    await desk.post("srg-first-1", case, "advice", {"findings": [{"finding": "kidney", "present": True}]})
    assert await desk.database.fetch("SELECT * FROM cases") == before
    assert await desk.stated(case) == stated
    assert by_node(await read(desk, case))["seen"] == "not_shown"


async def test_each_who_asks_is_on_record(desk):
    case = await desk.receive(a_case(a_certificate()))
    await read(desk, case, "srg-auditor-1")
    await desk.post("srg-final-1", case, "advice", {})
    await read(desk, case, "pzh-first-1")
    rows = await desk.database.fetch("SELECT actor, act, outcome, applications FROM looks ORDER BY id")
    assert [tuple(row) for row in rows] == [
        ("srg-auditor-1", "get_advice", "shown", [case]),
        ("srg-final-1", "post_advice", "shown", [case]),
        ("pzh-first-1", "get_advice", "refused", [case]),
    ]


async def test_readers_of_a_case_read_its_advice_and_only_reviewers_enter_evidence(desk):
    case = await desk.receive(a_case(a_certificate()))
    for role in ("officer", "first", "expert", "final", "supervisor", "auditor"):
        assert (await read(desk, case, f"srg-{role}-1")).status_code == 200
    for role in ("officer", "first", "expert", "final"):
        assert (await desk.post(f"srg-{role}-1", case, "advice", {})).status_code == 200
    for role in ("supervisor", "auditor"):
        assert refused(await desk.post(f"srg-{role}-1", case, "advice", {})) == (403, "scope-missing")


async def test_advice_stays_within_the_scope_of_the_caller(desk):
    case = await desk.receive(a_case(a_certificate()))
    outside = (403, "region-outside-scope")
    assert refused(await read(desk, case, "pzh-first-1")) == outside
    assert refused(await desk.post("pzh-first-1", case, "advice", {})) == outside
    assert refused(await read(desk, uuid4())) == (404, "case-unknown")


async def test_a_disease_without_a_standard_has_no_advice(desk):
    without = await desk.receive(a_case(a_certificate(), version=WITHOUT))
    other = await desk.receive(in_shangrao(policy_version=WITH, disease_code="SRG-013"))
    for case in (without, other):
        assert refused(await read(desk, case)) == (404, "standard-unknown")


@pytest.mark.parametrize(
    "body",
    [
        {"papers": [{"kind": "discharge_summary", "patient": "测试甲"}]},
        {"applied_on": "2020-01-01"},
        {"findings": [{"finding": "kidney"}]},
        {"visits": {"inpatient": [{"admitted_on": "2026-02-02", "discharged_on": "2026-02-01"}]}},
    ],
)
async def test_evidence_that_cannot_be_meant_is_refused(desk, body):
    case = await desk.receive(a_case(a_certificate()))
    assert (await desk.post("srg-first-1", case, "advice", body)).status_code == 422


async def test_advice_needs_no_key_of_the_person(desk):
    case = await desk.receive(a_case(a_certificate(), key_id=uuid4()))
    assert by_node(await read(desk, case))["diagnosis"] == "met"
