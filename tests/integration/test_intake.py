"""Intake as two processes on real PostgreSQL, Kafka and Valkey."""

import asyncio
import json
from collections import Counter
from datetime import UTC, date, datetime
from hashlib import sha256
from uuid import uuid4

import asyncpg
import httpx
import pytest

from shared.access import SignedCall, sign
from shared.contracts import applications, cases
from shared.contracts.cases import (
    ApplicationAccepted,
    DecisionMade,
    MaterialRequested,
    Outcome,
    Reason,
    RequestedItem,
    ReviewResumed,
    Stage,
)
from shared.contracts.policies import PolicyPublished
from shared.contracts.submissions import Receipt
from tests.support.bus import Bus, until
from tests.support.intake import CHANNEL, PDF, a_body, a_material, a_policy, an_id_number
from tests.support.stack import embedded_stack, in_thread

PERSONS = iter(range(1, 1000))


class Intake:
    """Two processes of the service, their channels, and a look into their database and topics."""

    def __init__(self, running, ports, bus, database):
        self.running, self.ports, self.bus, self.database = running, ports, bus, database
        self.http = httpx.AsyncClient(timeout=30)

    async def call(self, method, path, body=b"", *, channel=CHANNEL, key="", port=0, headers=None):
        """A signed call to one of the processes."""
        pem = self.running.stack.channel_key(channel).read_bytes()
        target = f"/api/intake{path}"
        signed = sign(
            pem, channel, SignedCall(method, target, body=body, idempotency_key=key), datetime.now(UTC)
        )
        url = f"http://127.0.0.1:{self.ports[port]}{target}"
        return await self.http.request(method, url, content=body, headers={**signed, **(headers or {})})

    async def submit(self, key=None, *, channel=CHANNEL, port=0, **changes):
        """Submit by HTTP."""
        body = json.dumps(a_submission(**changes)).encode()
        return await self.call(
            "POST", "/applications", body, channel=channel, key=key or str(uuid4()), port=port
        )

    async def upload(self, content=PDF, content_type="application/pdf"):
        """Upload a paper."""
        return await self.call("POST", "/materials", content, headers={"content-type": content_type})

    async def offer(self, key, body, *, channel=CHANNEL, **headers):
        """Submit on the bus."""
        pem = self.running.stack.channel_key(channel).read_bytes()
        signed = sign(pem, channel, SignedCall.publish(key, body), datetime.now(UTC)) | headers
        texts = [(name, value.encode()) for name, value in signed.items()]
        await self.bus.raw("channel.submissions", key.encode(), body, texts)

    async def answer(self, key, channel=CHANNEL):
        """The last answer on the bus to a submission."""
        key = f"{channel}:{key}".encode()

        async def found():
            return [r for r in await self.records("intake.receipts") if r.key == key]

        record = (await until(found))[-1]
        return dict(record.headers)["ce_type"].decode(), json.loads(record.value)

    async def records(self, topic, application_id=None):
        """What is on a topic now."""
        found = await self.bus.read(topic, 10_000, within=1.5)
        wanted = str(application_id).encode() if application_id else None
        return [r for r in found if wanted is None or r.key == wanted]

    async def view(self, number, channel=CHANNEL):
        """An application as a channel sees it."""
        return (await self.call("GET", f"/applications/{number}", channel=channel)).json()

    async def review(self, receipt, *events):
        """What review says about an application, in order."""
        begin = self.said.get(receipt.application_id, 0)
        self.said[receipt.application_id] = begin + len(events)
        await self.bus.send(cases.TOPIC, [(e, begin + i) for i, e in enumerate(events, 1)])

    said: dict = {}  # noqa: RUF012


def a_submission(**changes):
    """A body for a person of its own."""
    person = {"name": "测试员", "id_number": an_id_number("19800101", next(PERSONS)), "phone": "19900001234"}
    return a_body(**{"applicant": person, **changes})


def case_of(receipt):
    return {
        "application_id": receipt.application_id,
        "occurred_at": datetime.now(UTC),
        "acceptance_no": receipt.acceptance_no,
        "region": receipt.region,
    }


def accepted(receipt):
    return ApplicationAccepted(
        **case_of(receipt),
        accepted_by="officer-1",
        policy_version=1,
        clock_started_on=date(2026, 9, 18),
        budget_working_days=15,
        due_on=date(2026, 10, 15),
    )


def requested(receipt):
    return MaterialRequested(
        **case_of(receipt),
        requested_by="officer-2",
        stage=Stage.FIRST,
        round=1,
        items=[RequestedItem(kind="outpatient_record", detail="请补充近半年门诊病历")],
        answer_due_on=date(2026, 10, 9),
        clock_paused_on=date(2026, 9, 21),
    )


def resumed(receipt):
    return ReviewResumed(**case_of(receipt), stage=Stage.FIRST, due_on=date(2026, 10, 20))


def rejected(receipt):
    reason = Reason(code="RECORD_TOO_OLD", text="病历资料超过规定期限", detail="检查报告为2025年1月")
    return DecisionMade(
        **case_of(receipt),
        outcome=Outcome.REJECTED,
        decided_by="officer-3",
        first_reviewer="officer-2",
        policy_version=1,
        opinion="不同意",
        reasons=[reason],
        remedy="可申请行政复议。",
    )


@pytest.fixture(scope="module")
def running():
    with embedded_stack({"postgres", "kafka", "valkey"}) as running:
        yield running


@pytest.fixture(scope="module")
async def intake(running):
    await in_thread(running.migrate, "intake")
    async with Bus(running.stack.kafka) as bus:
        policy = a_policy()
        published = PolicyPublished(
            occurred_at=datetime.now(UTC),
            region="panzhihua",
            policy_version=1,
            content_hash=sha256(b"").hexdigest(),
            document=policy,
        )
        await bus.send("catalog.policies", [(published, 1)])
        ports = [
            await asyncio.to_thread(running.start_instance, "intake", "intake-1"),
            await asyncio.to_thread(running.start_instance, "intake", "intake-2", "api"),
        ]
        database = await asyncpg.create_pool(running.database("intake"), min_size=1, max_size=4)
        intake = Intake(running, ports, bus, database)
        assert (await intake.upload()).status_code == 201
        yield intake
        await intake.http.aclose()
        await database.close()
        for name in ("intake-1", "intake-2"):
            await in_thread(running.stop, name)


async def test_fifty_submissions_with_one_key_through_two_processes_are_one_application(intake):
    changes = a_submission()
    answers = await asyncio.gather(
        *(intake.submit("one-key", port=turn % 2, **changes) for turn in range(50))
    )
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert Counter(answer.headers.get("idempotent-replay") for answer in answers) == {None: 1, "true": 49}
    receipt = Receipt.model_validate_json(answers[0].content)
    count = "SELECT count(*) FROM applications WHERE idempotency_key = 'one-key'"
    assert await intake.database.fetchval(count) == 1

    async def published():
        return await intake.records(applications.TOPIC, receipt.application_id)

    (record,) = await until(published)
    headers = {name: value.decode() for name, value in record.headers}
    assert (headers["ce_type"], headers["ce_sequence"]) == ("application-submitted", "1")


async def test_the_same_key_with_another_body_is_refused(intake):
    first = await intake.submit("reused")
    other = await intake.submit("reused", port=1)
    assert (first.status_code, other.status_code) == (201, 409)
    assert other.json()["code"] == "idempotency-key-reused"


async def test_one_key_of_two_channels_are_two_submissions(intake):
    answers = [await intake.submit("shared", channel=channel) for channel in (CHANNEL, "sichuan_app")]
    assert {answer.status_code for answer in answers} == {201}


async def test_a_person_has_one_open_application_for_a_disease_whatever_the_channel(intake):
    person = a_submission()
    first = await intake.submit(**person)
    answers = await asyncio.gather(
        *(intake.submit(channel="sichuan_app", port=turn % 2, **person) for turn in range(8))
    )
    assert {answer.status_code for answer in answers} == {409}
    assert {a.json()["acceptance_no"] for a in answers} == {first.json()["acceptance_no"]}
    other = await intake.submit(**{**person, "disease_code": "PZH-002"})
    assert other.status_code == 201


async def test_all_defects_are_told_at_once(intake):
    answer = await intake.submit(
        declared_true=False, notice=None, materials=[a_material("test_report", size=7)]
    )
    assert answer.status_code == 422
    assert answer.headers["content-type"] == "application/problem+json"
    assert [(d["code"], d["field"]) for d in answer.json()["defects"]] == [
        ("material-missing", "materials.id_document"),
        ("material-differs", "materials.0"),
        ("truth-not-declared", "declared_true"),
        ("notice-not-read", "notice"),
    ]


@pytest.mark.parametrize("name", ["a\x00b", "x" * 201, "\ud800"])
async def test_one_bad_submission_hurts_no_neighbour(intake, name):
    bad = a_submission()["applicant"] | {"name": name}
    calls = [intake.submit() for _ in range(10)]
    answers = await asyncio.gather(*calls[:5], intake.submit(applicant=bad), *calls[5:])
    assert [answer.status_code for answer in answers] == [201] * 5 + [answers[5].status_code] + [201] * 5
    assert answers[5].status_code in {400, 422}


async def test_nobody_comes_in_without_a_signature_of_their_own(intake):
    body = json.dumps(a_submission()).encode()
    url = f"http://127.0.0.1:{intake.ports[0]}/api/intake/applications"
    unsigned = await intake.http.post(url, content=body, headers={"idempotency-key": "k"})
    altered = await intake.call("POST", "/applications", body, key="k", headers={"idempotency-key": "l"})
    outside = await intake.submit(channel="ganfutong")
    keyless = await intake.call("POST", "/applications", body)
    assert [a.status_code for a in (unsigned, altered, outside, keyless)] == [401, 401, 403, 400]


async def test_a_call_cannot_be_played_again(intake):
    """On a machine so busy that Valkey answers late, a check is passed over; so it is tried again."""

    async def refused():
        first = await intake.submit()
        again = await intake.http.send(first.request)
        assert first.status_code == 201
        return again if again.status_code == 401 else None

    assert (await until(refused)).json()["code"] == "nonce-replayed"


async def test_papers_are_kept_by_content_and_must_be_what_they_claim(intake):
    first, again = await intake.upload(), await intake.upload()
    assert first.json() == again.json()
    assert first.json() == {
        "content_hash": sha256(PDF).hexdigest(),
        "size": len(PDF),
        "content_type": "application/pdf",
    }
    refused = [
        await intake.upload(content_type="image/png"),
        await intake.upload(b"PK\x03\x04", "application/zip"),
        await intake.upload(b""),
        await intake.upload(b"%PDF-" + bytes(15 << 20)),
    ]
    assert [answer.status_code for answer in refused] == [422, 415, 422, 413]
    assert (await intake.upload(b"%PDF-" + bytes((15 << 20) - 5))).status_code == 201


async def test_the_bus_and_http_are_one_door(intake):
    body = json.dumps(a_submission()).encode()
    await intake.offer("both-ways", body)
    kind, answer = await intake.answer("both-ways")
    assert kind == "submission-received"
    by_http = await intake.call("POST", "/applications", body, key="both-ways")
    assert by_http.json() == answer["receipt"] | {"warnings": []}
    assert by_http.headers["idempotent-replay"] == "true"


async def test_every_offer_on_the_bus_gets_an_answer(intake):
    body = json.dumps(a_submission(declared_true=False)).encode()
    await intake.offer("defective", body)
    await intake.offer("forged", body, **{"mente-signature": "AAAA"})
    await intake.offer("broken", b"{")
    await intake.offer("stranger", body, **{"mente-channel": "nobody"})
    answers = {key: await intake.answer(key) for key in ("defective", "forged", "broken")}
    assert {kind for kind, _ in answers.values()} == {"submission-refused"}
    assert {key: answer["code"] for key, (_, answer) in answers.items()} == {
        "defective": "submission-invalid",
        "forged": "signature-invalid",
        "broken": "json-invalid",
    }
    assert [d["code"] for d in answers["defective"][1]["defects"]] == ["truth-not-declared"]

    async def parked():
        return await intake.database.fetch("SELECT raw_key, key, code FROM parked")

    assert [tuple(row) for row in await until(parked)] == [(b"stranger", None, "channel-unknown")]


async def test_a_repeated_record_is_answered_again_in_sequence(intake):
    body = json.dumps(a_submission()).encode()
    for _ in range(3):
        await intake.offer("again", body)

    async def answers():
        found = [r for r in await intake.records("intake.receipts") if r.key == f"{CHANNEL}:again".encode()]
        return found if len(found) == 3 else None

    found = await until(answers)
    assert [dict(r.headers)["ce_sequence"] for r in found] == [b"1", b"2", b"3"]
    assert len({json.dumps(json.loads(r.value)["receipt"]) for r in found}) == 1


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
