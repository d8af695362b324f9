"""What staff of review see and may do over HTTP."""

from uuid import uuid4

import pytest

from shared.contracts.submissions import Agent
from tests.support.cases import a_material, an_opinion
from tests.support.review_desk import ReviewDesk, a_database, in_shangrao, refused
from tests.support.samples import NOON, an_application_submitted

FORWARD = {"to_stage": "final", "opinion": "材料齐全。"}


async def test_the_queue_lists_the_most_urgent_first_page_by_page(desk):
    days = [18, 14, 16, 11, 15]
    ids = [await desk.receive(an_application_submitted(occurred_at=NOON.replace(day=day))) for day in days]
    seen, after = [], ""
    while after is not None:
        page = (await desk.get("pzh-officer-1", "/queue", limit=2, after=after)).json()
        seen += [one["application_id"] for one in page["cases"]]
        after = page["next"]
    by_day = [str(case) for _, case in sorted(zip(days, ids, strict=True))]
    assert seen == by_day


async def test_the_queue_tells_due_date_remaining_days_and_who_works_on_it(desk):
    case = await desk.receive(an_application_submitted(occurred_at=NOON.replace(day=10)))
    await desk.claim("pzh-officer-1", case)
    (line,) = (await desk.get("pzh-officer-2", "/queue")).json()["cases"]
    assert line["deadline"] == {
        "due_on": "2026-09-17",
        "provisional": False,
        "remaining_working_days": -1,
        "overdue": True,
        "paused": False,
    }
    assert line["claim"]["by"] == "pzh-officer-1"
    assert line["disease_name"] == "高血压"


async def test_a_claim_that_ran_out_is_not_shown(desk):
    case = await desk.receive(an_application_submitted())
    await desk.claim("pzh-officer-1", case)
    desk.later(minutes=15)
    (line,) = (await desk.get("pzh-officer-2", "/queue")).json()["cases"]
    assert line["claim"] is None


async def test_the_queue_shows_one_stage_and_only_the_callers_regions(desk):
    accepted = await desk.receive(an_application_submitted(), an_application_submitted(), in_shangrao())
    await desk.done("pzh-officer-1", accepted, "accept")
    first = (await desk.get("pzh-first-1", "/queue", stage="first")).json()["cases"]
    assert [one["application_id"] for one in first] == [str(accepted)]
    assert first[0]["deadline"]["due_on"] == "2026-10-15"
    both = (await desk.get("pzh-first-1", "/queue", stage=["first", "acceptance"])).json()["cases"]
    assert [one["region"] for one in both] == ["panzhihua", "panzhihua"]
    foreign = await desk.get("pzh-first-1", "/queue", region="shangrao")
    assert refused(foreign) == (403, "region-outside-scope")


async def test_a_case_outside_the_scope_is_neither_shown_nor_explained_nor_taken(desk):
    case = await desk.receive(in_shangrao())
    for answer in (
        await desk.get("pzh-officer-1", f"/cases/{case}"),
        await desk.get("pzh-officer-1", f"/cases/{case}/deadline"),
        await desk.post("pzh-officer-1", case, "claim"),
        await desk.post("pzh-officer-1", case, "accept", claim=1),
    ):
        assert refused(answer) == (403, "region-outside-scope")


async def test_a_case_shows_papers_history_and_masked_persons(desk):
    agent = Agent(name="代办甲", id_number="990101198001010015", phone="19900005678", relation="子女")
    case = await desk.receive(in_shangrao(materials=[a_material("medical_evidence")], agent=agent))
    shown = (await desk.get("srg-officer-1", f"/cases/{case}")).json()
    assert (shown["status"], shown["stage"]) == ("waiting", "acceptance")
    assert shown["application"]["applicant"] == {
        "name": "测**",
        "id_type": "01",
        "id_number": "9901**********0012",
        "phone": "199****1234",
        "address": None,
    }
    assert shown["application"]["agent"]["name"] == "代**"
    assert [(m["kind"], m["name"], m["round"]) for m in shown["materials"]] == [
        ("medical_evidence", "医学诊断证明材料", 0)
    ]
    assert shown["missing_for_approval"] == ["physician_opinion"]
    (opened,) = shown["history"]
    assert opened["sentence_zh"] == "2026-09-18收到申请，应于2026-09-24前受理。"
    assert "19900005678" not in str(shown)


async def test_supplied_papers_stand_beside_the_first_ones(desk):
    case = await desk.receive(in_shangrao(materials=[a_material("medical_evidence")]))
    await desk.done("srg-officer-1", case, "accept")
    asked = {"items": [{"kind": "medical_evidence", "detail": "请补充近期检查报告。"}]}
    requested = await desk.done("srg-first-1", case, "material-requests", asked)
    assert requested["answer_due_on"] == "2026-10-09"
    await desk.supply(case, materials=[a_material("medical_evidence")], physician_opinion=an_opinion())
    shown = (await desk.get("srg-first-1", f"/cases/{case}")).json()
    assert [m["round"] for m in shown["materials"]] == [0, 1]
    assert (shown["missing_for_approval"], shown["request_rounds_left"]) == ([], 0)
    assert (shown["asked"], shown["next_stages"]) == (None, ["expert"])


async def test_an_expert_sees_the_others_opinions_only_after_giving_one(desk):
    case = await desk.receive(in_shangrao())
    await desk.done("srg-officer-1", case, "accept")
    await desk.done("srg-first-1", case, "forward", FORWARD | {"to_stage": "expert"})
    await desk.done("srg-expert-1", case, "opinions", {"recommendation": "reject", "opinion": "依据不足。"})
    before = (await desk.get("srg-expert-2", f"/cases/{case}")).json()["history"]
    await desk.done("srg-expert-2", case, "opinions", {"recommendation": "approve", "opinion": "同意。"})
    after = (await desk.get("srg-expert-2", f"/cases/{case}")).json()["history"]
    assert "expert-opinion-given" not in [event["type"] for event in before]
    assert [event["type"] for event in after].count("expert-opinion-given") == 2


async def test_a_deadline_is_explained_day_by_day_with_its_sources(desk):
    case = await desk.receive(an_application_submitted())
    await desk.done("pzh-officer-1", case, "accept")
    told = (await desk.get("pzh-first-1", f"/cases/{case}/deadline")).json()
    reasons = {day["day"]: (day["counted"], day["text"]) for day in told["days"]}
    assert (told["clock"], told["due_on"], told["budget_working_days"]) == ("main", "2026-10-15", 15)
    assert reasons["2026-09-18"] == (False, "起算当日不计")
    assert reasons["2026-09-19"] == (False, "周末")
    assert reasons["2026-09-20"] == (True, "调休上班")
    assert reasons["2026-10-01"] == (False, "国庆节")
    assert told["days"][-1]["used"] == 15
    assert "国办发明电〔2025〕7号" in told["calendar_sources"]["2026"]


async def test_nobody_acts_without_a_token_a_role_or_a_claim(desk):
    case = await desk.receive(an_application_submitted())
    nobody = await desk.client.get("/queue")
    assert refused(nobody) == (401, "token-missing")
    assert refused(await desk.post("pzh-supervisor-1", case, "claim")) == (403, "scope-missing")
    assert refused(await desk.post("pzh-first-1", case, "claim")) == (403, "role-missing")
    assert refused(await desk.post("pzh-officer-1", case, "accept")) == (428, "claim-token-missing")
    assert refused(await desk.post("pzh-officer-1", case, "accept", claim=0)) == (409, "claim-lost")


async def test_what_is_not_there_is_not_found(desk):
    answer = await desk.post("pzh-officer-1", uuid4(), "claim")
    assert refused(answer) == (404, "case-unknown")
    assert refused(await desk.get("pzh-officer-1", f"/cases/{uuid4()}")) == (404, "case-unknown")


@pytest.mark.parametrize(
    ("act", "body"),
    [
        ("material-requests", {"items": []}),
        ("material-requests", {"items": [{"kind": "a b", "detail": "x"}]}),
        ("forward", {"to_stage": "moon", "opinion": "x"}),
        ("forward", {"to_stage": "final", "opinion": ""}),
        ("decision", {"outcome": "approved", "opinion": "x", "more": 1}),
        ("opinions", {"recommendation": "perhaps", "opinion": "x"}),
    ],
)
async def test_a_body_with_defects_is_refused_with_each_of_them(desk, act, body):
    role = {"decision": "final", "opinions": "expert"}.get(act, "first")
    answer = await desk.post(f"pzh-{role}-1", uuid4(), act, body, claim=1)
    assert refused(answer) == (422, "request-invalid")
    assert answer.json()["defects"]


async def test_a_place_in_the_queue_that_no_page_gave_is_refused(desk):
    for after in ("yesterday", "2026-13-45_" + str(uuid4())):
        answer = await desk.get("pzh-officer-1", "/queue", after=after)
        assert refused(answer) == (422, "place-unreadable")


async def test_a_rejection_without_a_reason_is_refused(desk):
    case = await desk.at_final()
    answer = await desk.act("pzh-final-1", case, "decision", {"outcome": "rejected", "opinion": "不符合。"})
    assert refused(answer) == (422, "reason-missing")


async def test_without_its_database_review_asks_to_come_back(servers):
    desk = await ReviewDesk.cleared(await a_database(servers))
    await desk.database.close()
    answer = await desk.get("pzh-officer-1", "/queue")
    assert refused(answer) == (503, "database-away")
    assert answer.headers["retry-after"]
