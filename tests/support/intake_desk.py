"""Intake as two processes on real servers: calls of its channels, and a look into what it keeps and says."""

import json
from datetime import UTC, date, datetime
from uuid import uuid4

import httpx

from shared.access import SignedCall, sign
from shared.contracts import cases
from shared.contracts.base import SealedEvent
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
from shared.key_service import MasterKeys
from shared.person_keys import PersonKeys, sealed
from shared.sealed_submissions import seal_submission
from shared.sealing import Algorithm
from tests.support.bus import until
from tests.support.intake import CHANNEL, PDF, a_body, an_id_number
from tests.support.private import told

PERSONS = iter(range(1, 1000))


class Intake:
    """Two processes of the service, their channels, and a look into their database and topics."""

    def __init__(self, running, ports, bus, database):
        self.running, self.ports, self.bus, self.database = running, ports, bus, database
        self.http = httpx.AsyncClient(timeout=30)
        masters = MasterKeys.load(running.stack.master_keys_file, Algorithm.A256GCM)
        self.keys = PersonKeys(masters, Algorithm.A256GCM)

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
        body = seal_submission(self.running.stack.submission_key(), body)
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
        keys = await self.keys.of_persons(self.database, [receipt.person_id])
        told = [sealed(e, keys[receipt.person_id]) if isinstance(e, SealedEvent) else e for e in events]
        await self.bus.send(cases.TOPIC, [(e, begin + i) for i, e in enumerate(told, 1)])

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
    return told(
        MaterialRequested,
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
    return told(
        DecisionMade,
        **case_of(receipt),
        outcome=Outcome.REJECTED,
        decided_by="officer-3",
        first_reviewer="officer-2",
        policy_version=1,
        opinion="不同意",
        reasons=[reason],
        remedy="可申请行政复议。",
    )
