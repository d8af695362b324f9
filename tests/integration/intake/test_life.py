"""What intake does for an application after its door: followed, supplemented, withdrawn, whatever is away."""

import asyncio
import json
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from shared.contracts import applications, persons
from shared.contracts.submissions import Receipt
from tests.support.bus import until
from tests.support.intake import CHANNEL, a_material
from tests.support.intake_desk import a_submission, accepted, rejected, requested, resumed
from tests.support.stack import in_thread


async def test_an_application_is_followed_from_acceptance_over_a_supplement_to_the_decision(intake):
    receipt = Receipt.model_validate_json((await intake.submit()).content)
    number = receipt.acceptance_no

    async def stands(status):
        view = await intake.view(number)
        return view if view["status"] == status else None

    assert (await intake.view(number))["status_zh"] == "已提交，待受理"
    await intake.review(receipt, accepted(receipt))
    assert (await until(lambda: stands("accepted")))["due_on"] == "2026-10-15"
    supplement = json.dumps({"materials": [a_material("outpatient_record")]}).encode()
    early = await intake.call("POST", f"/applications/{number}/supplements", supplement)
    assert (early.status_code, early.json()["code"]) == (409, "supplement-not-asked")

    await intake.review(receipt, requested(receipt))
    asked = await until(lambda: stands("pending_supplement"))
    assert asked["asked"]["items"] == [{"kind": "outpatient_record", "detail": "请补充近半年门诊病历"}]
    assert (asked["asked"]["answer_due_on"], asked["due_paused"]) == ("2026-10-09", True)
    for port in (0, 1):
        given = await intake.call("POST", f"/applications/{number}/supplements", supplement, port=port)
        assert (given.status_code, given.json()["status"]) == (200, "in_review")

    await intake.review(receipt, resumed(receipt), rejected(receipt))
    ended = await until(lambda: stands("rejected"))
    assert ended["decision"]["remedy"] == "可申请行政复议。"
    assert [entry["type"] for entry in ended["timeline"]] == [
        "application-submitted",
        "application-accepted",
        "material-requested",
        "material-supplied",
        "review-resumed",
        "decision-made",
    ]
    late = await intake.call("POST", f"/applications/{number}/withdrawal", b"{}")
    assert (late.status_code, late.json()["code"]) == (409, "already-decided")

    headers = [dict(record.headers) for record in await stated(intake, receipt, 2)]
    assert [h["ce_type"] for h in headers] == [b"application-submitted", b"material-supplied"]
    assert [h["ce_sequence"] for h in headers] == [b"1", b"2"]


async def stated(intake, receipt, count):
    """What intake has published about an application, once there are so many events."""

    async def published():
        found = await intake.records(applications.TOPIC, receipt.application_id)
        return found if len(found) == count else None

    return await until(published)


async def test_after_a_withdrawal_the_person_can_apply_again(intake):
    person = a_submission()
    receipt = Receipt.model_validate_json((await intake.submit(**person)).content)
    path = f"/applications/{receipt.acceptance_no}/withdrawal"
    reason = json.dumps({"reason": "填错了"}).encode()
    answers = await asyncio.gather(*(intake.call("POST", path, reason, port=turn % 2) for turn in range(6)))
    assert {(a.status_code, a.json()["status"]) for a in answers} == {(200, "withdrawn")}
    again = await intake.submit(**person, previous_acceptance_no=receipt.acceptance_no)
    assert again.status_code == 201

    async def linked():
        found = await intake.records(applications.TOPIC, again.json()["application_id"])
        return [json.loads(record.value).get("previous_application_id") for record in found]

    assert await until(linked) == [str(receipt.application_id)]
    stranger = await intake.submit(previous_acceptance_no=receipt.acceptance_no)
    assert stranger.json()["defects"][0]["code"] == "previous-unknown"


async def test_only_channels_that_serve_the_region_see_an_application(intake):
    number = (await intake.submit()).json()["acceptance_no"]
    calls = [
        await intake.call("GET", f"/applications/{number}", channel=channel)
        for channel in (CHANNEL, "panzhihua_window", "ganfutong")
    ]
    assert [call.status_code for call in calls] == [200, 200, 404]
    mistyped = await intake.call("GET", f"/applications/{number[1]}{number[0]}{number[2:]}")
    assert mistyped.json()["code"] == "acceptance-no-mistyped" or number[0] == number[1]
    lower = await intake.call("GET", f"/applications/{number.lower()}")
    assert lower.json()["acceptance_no"] == number


async def test_the_api_is_described_with_the_route_that_runs_in_front(intake):
    document = (await intake.http.get(f"http://127.0.0.1:{intake.ports[0]}/api/intake/openapi.json")).json()
    assert set(document["paths"]) >= {
        "/api/intake/applications",
        "/api/intake/materials",
        "/api/intake/applications/{acceptance_no}",
        "/api/intake/applications/{acceptance_no}/supplements",
        "/api/intake/applications/{acceptance_no}/withdrawal",
    }
    posting = document["paths"]["/api/intake/applications"]["post"]
    assert posting["operationId"] == "post_application"
    assert "201" in posting["responses"]


async def test_the_answers_are_counted(intake):
    await intake.submit("counted")
    shown = (await intake.http.get(f"http://127.0.0.1:{intake.ports[0]}/metrics")).text
    assert 'intake_submissions_total{answer="taken",way="http"}' in shown


async def test_submissions_go_on_while_valkey_is_away(intake):
    await in_thread(intake.running.kill, "valkey")
    try:
        answers = await asyncio.gather(*(intake.submit(port=turn % 2) for turn in range(20)))
        assert {answer.status_code for answer in answers} == {201}
    finally:
        await in_thread(intake.running.start, "valkey")


async def test_submissions_go_on_while_kafka_is_away_and_are_published_later(intake):
    await in_thread(intake.running.kill, "kafka")
    try:
        answers = await asyncio.gather(*(intake.submit(port=turn % 2) for turn in range(20)))
        assert {answer.status_code for answer in answers} == {201}
    finally:
        await in_thread(intake.running.start, "kafka")
    wanted = {answer.json()["application_id"] for answer in answers}

    async def published():
        return wanted <= {record.key.decode() for record in await intake.records(applications.TOPIC)}

    await until(published, within=60)


AN_ERASURE = """
WITH asked AS (INSERT INTO erasures (erasure_id, person_id, reason, asked_by, asked_at)
               VALUES ($1, $1, 'at the person''s wish', 'operator', $2))
INSERT INTO erasure_approvals (erasure_id, approved_by, approved_at) VALUES ($1, 'supervisor', $2)"""


async def test_what_came_due_while_no_process_ran_is_stated_again_by_the_next(intake):
    person, two_days_ago = uuid4(), datetime.now(UTC) - timedelta(days=2)
    await intake.database.execute(AN_ERASURE, person, two_days_ago)
    await asyncio.to_thread(intake.running.start_instance, "intake", "intake-3", "relay")

    async def tombstone():
        return await intake.records(persons.TOPIC, person)

    (record,) = await until(tombstone)
    assert record.value is None
    await in_thread(intake.running.stop, "intake-3")
