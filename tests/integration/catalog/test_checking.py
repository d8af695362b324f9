"""What a policy file must get right before anybody may publish it, and what its editor is warned of."""

import pytest

from tests.support.policy_office import PANZHIHUA, PolicyOffice, from_day

EDITOR, PUBLISHER = "policy_editor-1", "policy_publisher-1"
LIMIT = "sla_working_days: {v: 15"
WINDOW = "intake_windows: [{id: w, opens: 02-30, closes: 03-31, effective: {unknown: true}}]\n"
TEN_DAYS = from_day(PANZHIHUA, "2026-12-01").replace(LIMIT, "sla_working_days: {v: 10")


async def test_a_corrupt_file_is_refused_with_line_and_reason(office: PolicyOffice) -> None:
    text = TEN_DAYS.replace("sla_working_days: {v: 10", "sla_working_days: {v: ten")
    answer = await office.draft(text, name="panzhihua.yaml")
    line = 1 + text[: text.index("{v: ten")].count("\n")
    assert (answer.status_code, answer.json()["code"]) == (422, "policy-unreadable")
    assert answer.json()["detail"].startswith(f"panzhihua.yaml, line {line}, deadlines.sla_working_days.v: ")


@pytest.mark.parametrize(
    ("part", "instead", "told"),
    [
        ("diseases: [PZH-002]", "diseases: [PZH-099]", "unknown diseases: PZH-099"),
        ("intake_mode:\n  v: rolling", "intake_mode:\n  v: windows", "there is no window"),
        (
            "intake_mode:",
            WINDOW + "intake_mode:",
            "names 02-30, which no year has",
        ),
        ("src: C-PZH-GEO", "src: C-NOWHERE", "sources that are not listed: C-NOWHERE"),
        ('effective_from: "2026-12-01"', 'effective_from: "2026-11-19"', "has passed"),
        ("benefit_name: 门诊特殊疾病", "benefit_name: 🙂门诊特殊疾病", "the blank form: "),
        ("sla_working_days: {v: 10", "sla_working_days: {v: 0", "from 1 to 500"),
    ],
)
async def test_a_draft_that_fails_its_check_stays_a_draft(
    office: PolicyOffice, part: str, instead: str, told: str
) -> None:
    assert part in TEN_DAYS
    draft = (await office.draft(TEN_DAYS.replace(part, instead))).json()
    report = (await office.post(EDITOR, f"/drafts/{draft['draft_id']}/check")).json()
    assert not report["passed"]
    assert told in "\n".join(report["errors"])
    badge = {"authorization": f"Bearer {EDITOR}"}
    shown = (await office.client.get(f"/api/catalog/drafts/{draft['draft_id']}", headers=badge)).json()
    assert shown["standing"] == "draft"


async def test_a_vector_that_comes_out_otherwise_fails_the_check(office: PolicyOffice) -> None:
    vectors = """
vectors:
  - {accepted: "2026-02-10", due: "2026-02-25", why: ten working days over the Spring Festival}
  - {materials: {disease: PZH-002, application_type: renewal}, kinds: [id_document]}
  - {accepted: "2026-02-10", working_days: 99999999, due: "2026-02-25"}
  - {accepted: "9999-12-30", working_days: 9, due: "2026-02-25"}
"""
    text = TEN_DAYS + vectors
    draft = (await office.draft(text)).json()
    report = (await office.post(EDITOR, f"/drafts/{draft['draft_id']}/check")).json()
    assert not report["passed"]
    assert "vector 1 (ten working days over the Spring Festival)" in "\n".join(report["errors"])
    assert [told for told in report["errors"] if "vector 2" in told]
    assert [told for told in report["errors"] if "vector 3: it is not understood" in told]
    assert [told for told in report["errors"] if "vector 4: it is not understood" in told]


async def test_more_than_an_id_document_without_a_law_is_warned_of(office: PolicyOffice) -> None:
    draft = (await office.draft(TEN_DAYS)).json()
    report = (await office.post(EDITOR, f"/drafts/{draft['draft_id']}/check")).json()
    assert any("portrait_photo is asked for without a legal basis" in told for told in report["warnings"])
    assert not any(" id_document is asked for" in told for told in report["warnings"])


async def test_texts_that_still_say_the_old_number_are_warned_of(office: PolicyOffice) -> None:
    changed = TEN_DAYS.replace("0812-3323000", "0812-3000000").replace("热线0812-3000000", "热线0812-3323000")
    draft = (await office.draft(changed)).json()
    report = (await office.post(EDITOR, f"/drafts/{draft['draft_id']}/check")).json()
    told = "\n".join(report["warnings"])
    assert "guide.submit.body says 15个工作日, which is no limit of the policy" in told
    assert "names 0812-3323000, which is neither hotline nor office" in told
    unchanged = await office.post(EDITOR, "/checks", name="x.yaml", text=from_day(PANZHIHUA, "2026-12-01"))
    assert not [one for one in unchanged.json()["warnings"] if "no limit" in one or "neither hotline" in one]


async def test_a_value_that_its_source_has_ended_is_not_published(office: PolicyOffice) -> None:
    ended = "hotline: {v: 0812-3323000, effective_to: '2026-06-30',"
    draft = (await office.draft(TEN_DAYS.replace("hotline: {v: 0812-3323000,", ended))).json()
    report = (await office.post(EDITOR, f"/drafts/{draft['draft_id']}/check")).json()
    assert report["errors"] == ["panzhihua: hotline has ended on 2026-06-30 by its own source"]


async def test_a_calendar_that_contradicts_itself_is_not_published(office: PolicyOffice) -> None:
    text = """
year: 2027
source: 国务院办公厅关于2027年部分节假日安排的通知（示例）
grade: R
announced_on: "2026-11-20"
days_off:
  - {name: 元旦, first: "2027-01-03", last: "2027-01-01"}
"""
    draft = (await office.draft(text)).json()
    report = (await office.post(EDITOR, f"/drafts/{draft['draft_id']}/check")).json()
    assert report["errors"] == ["days off: 元旦 ends on 2027-01-01, before it begins on 2027-01-03"]
