"""The door of intake: what two processes on real PostgreSQL, Kafka and Valkey let in, and how they answer."""

import asyncio
import json
from collections import Counter
from hashlib import sha256

import pytest

from shared.contracts import applications
from shared.contracts.submissions import Receipt
from tests.support.bus import until
from tests.support.intake import CHANNEL, PDF, a_material
from tests.support.intake_desk import a_submission


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
