"""Records, chapters and lives of the demonstration, valid by default; every person is made up."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from deploy.demo.applying import Chapter
from deploy.demo.bus import Seen
from deploy.demo.many import plans
from deploy.demo.persons import Figure, a_figure
from deploy.demo.tally import MESSAGES, Life
from shared.contracts.base import Event
from shared.contracts.cases import (
    ApplicationAccepted,
    CaseOpened,
    DecisionMade,
    Outcome,
    ReviewForwarded,
    Stage,
)
from shared.contracts.messages import MessageChannel, MessageDelivered, MessageSent
from shared.contracts.submissions import Receipt
from tests.support.samples import NOON, an_application_submitted

SUBJECT = {"acceptance_no": "AE62J3XH07PSJZ", "region": "panzhihua"}
TEXT = "【攀枝花医保】您的门诊慢特病认定申请(尾号PSJZ)已受理,将于2026-10-16前办结,可在“我的申请”查看进度。"


def lowest(_: int) -> int:
    """A draw without chance."""
    return 0


def a_figure_of_tests() -> Figure:
    return a_figure(lowest, 1234)


def a_receipt(application_id: UUID | None = None, **changes: Any) -> Receipt:
    values = {
        "acceptance_no": "AE62J3XH07PSJZ",
        "application_id": application_id or uuid4(),
        "person_id": uuid4(),
        "region": "panzhihua",
        "submitted_at": NOON,
        "body_hash": "0" * 64,
    }
    return Receipt(**{**values, **changes})


def a_record(event: Event, after: float = 0.0, offset: int = 0) -> Seen:
    """The event on the bus, so many seconds after noon."""
    at = NOON + timedelta(seconds=after)
    body = event.model_dump_json().encode()
    return Seen(event.topic, 3, offset, event.key, event.type, at, at, body)


def the_records(application_id: UUID, person_id: UUID | None = None) -> list[Seen]:
    """An application that was approved, on the bus, with every message."""
    submitted = an_application_submitted(
        application_id, person_id=person_id or uuid4(), acceptance_no="AE62J3XH07PSJZ"
    )
    events = [submitted, *the_review(application_id), *the_messages(application_id)]
    return [a_record(event, after=place, offset=place) for place, event in enumerate(events)]


def the_review(application_id: UUID) -> list[Event]:
    """What review states about an application that is approved."""
    common: dict[str, Any] = {"application_id": application_id, "occurred_at": NOON, **SUBJECT}
    return [
        CaseOpened(
            **common,
            disease_code="PZH-001",
            policy_version=1,
            received_on=NOON.date(),
            acceptance_budget_working_days=5,
            acceptance_due_on=NOON.date(),
        ),
        ApplicationAccepted(
            **common,
            accepted_by="panzhihua-acceptance",
            policy_version=1,
            clock_started_on=NOON.date(),
            budget_working_days=15,
            due_on=NOON.date(),
        ),
        ReviewForwarded(
            **common,
            forwarded_by="panzhihua-first-1",
            from_stage=Stage.FIRST,
            to_stage=Stage.FINAL,
        ),
        DecisionMade(
            **common,
            outcome=Outcome.APPROVED,
            decided_by="panzhihua-final-1",
            first_reviewer="panzhihua-first-1",
            policy_version=1,
        ),
    ]


def the_messages(application_id: UUID) -> list[Event]:
    """What is stated about the messages of an approved application."""
    events: list[Event] = []
    for channel, told in MESSAGES:
        about: dict[str, Any] = {
            "application_id": application_id,
            "occurred_at": NOON,
            "message_id": uuid4(),
            "channel": MessageChannel(channel),
            "template": "approved" if told == "decided" else told,
        }
        events.append(MessageSent(**about, template_version=1, attempts=1))
        if channel == "sms":
            events.append(MessageDelivered(**about))
    return events


def a_chapter(**changes: Any) -> Chapter:
    """An application that was approved, told with one text and one inbox message."""
    receipt = a_receipt()
    sms, inbox = str(uuid4()), str(uuid4())
    values: dict[str, Any] = {
        "figure": a_figure_of_tests(),
        "sender": "panzhihua_miniprogram",
        "receipt": receipt,
        "records": the_records(receipt.application_id),
        "deadline": an_account(),
        "messages": [
            {
                "message_id": sms,
                "channel": "sms",
                "template": "accepted",
                "state": "delivered",
                "segments": 1,
            },
            {
                "message_id": inbox,
                "channel": "in_app",
                "template": "accepted",
                "state": "sent",
                "segments": None,
            },
        ],
        "texts": [{"reference": sms, "phone": "19900001234", "text": TEXT, "calls": 1}],
        "inbox": [{"message_id": inbox, "template": "accepted", "title": "申请已受理", "text": TEXT[8:]}],
        "in_english": {"accepted": "Your application was accepted."},
        "status": "approved",
        "due_on": "2026-10-16",
    }
    return Chapter(**{**values, **changes})


def an_account(**changes: Any) -> dict[str, Any]:
    """Four days of an account: the start on a Friday, a weekend, and a working day."""
    rows = [
        ("2026-09-18", False, "start_day", "起算当日不计", 0),
        ("2026-09-19", False, "weekend", "周末", 0),
        ("2026-09-20", True, "make_up_day", "调休上班", 1),
        ("2026-09-21", True, "working_day", "工作日", 2),
        ("2026-09-25", False, "holiday", "中秋节", 2),
        ("2026-09-26", False, "holiday", "中秋节", 2),
        ("2026-09-27", False, "weekend", "周末", 2),
    ]
    names = ("day", "counted", "reason", "text", "used")
    account = {
        "budget_working_days": 15,
        "provisional": False,
        "missing_years": [],
        "days": [dict(zip(names, row, strict=True)) for row in rows],
    }
    return {**account, **changes}


def a_life(receipt: Receipt | None = None, problem: str | None = None, begun_at: datetime = NOON) -> Life:
    """One application of many."""
    (plan,) = plans(1, lowest)
    return Life(plan, begun_at, receipt, problem)


def taken(records: list[Seen]) -> list[dict[str, Any]]:
    """What the SMS gateway has taken when every text was handed over once."""
    sent = [record.event for record in records if record.type == "message-sent"]
    return [
        {"reference": str(event.message_id), "calls": 1}
        for event in sent
        if isinstance(event, MessageSent) and event.channel is MessageChannel.SMS
    ]
