"""Applicants as notify knows them, and the events that it hears of them."""

from dataclasses import dataclass, field, replace
from datetime import date
from uuid import UUID, uuid4

from uuid_utils.compat import uuid7

from services.notify import app
from services.notify.domain.announcing import Recipient
from shared import person_keys
from shared.contracts.applications import ApplicationSubmitted, SubmittedPrivate
from shared.contracts.base import Event, SealedEvent
from shared.contracts.cases import (
    DecidedPrivate,
    DecisionMade,
    MaterialRequested,
    Outcome,
    RequestedPrivate,
    Stage,
)
from shared.contracts.submissions import ApplicantClass, ApplicationType, NoticeRead, Person
from shared.outbox import body as published
from shared.received import Received
from shared.sealing import Algorithm, DataKey


@dataclass(frozen=True)
class Applicant(Recipient):
    """A recipient together with what notify must open to know: the phone number, under the data key."""

    phone: str = ""
    key: DataKey = field(default_factory=lambda: DataKey.fresh(Algorithm.A256GCM))


def a_phone() -> str:
    """A number that nobody has."""
    return f"1990{uuid4().int % 10**7:07d}"


def a_recipient(phone: str | None = None, **changes) -> Applicant:
    """A person of Panzhihua, their number sealed under a key of their own."""
    values = {
        "application_id": UUID(str(uuid7())),
        "person_id": uuid4(),
        "region": "panzhihua",
        "acceptance_no": "PZH2611220000123",
    }
    applicant = Applicant(**{**values, **changes}, phone=phone or a_phone())
    event = a_submission(applicant)
    return replace(applicant, key_id=event.key_id, sealed=event.sealed)


def a_submission(applicant: Applicant) -> ApplicationSubmitted:
    """What intake states of the application of a person."""
    person = Person(name="测试员", id_number="990101199001010012", phone=applicant.phone)
    event = ApplicationSubmitted(
        application_id=applicant.application_id,
        acceptance_no=applicant.acceptance_no,
        region=applicant.region,
        policy_version=1,
        channel="app",
        application_type=ApplicationType.NEW,
        disease_code="PZH-001",
        applicant_class=ApplicantClass.EMPLOYEE,
        person_id=applicant.person_id,
        materials=[],
        notice=NoticeRead(version="1", read_at=app.now()),
        occurred_at=app.now(),
        private=SubmittedPrivate(applicant=person, papers=[]),
    )
    return person_keys.sealed(event, applicant.key)


def a_request(applicant: Applicant, *details: str) -> MaterialRequested:
    """A reviewer asks for test reports, each in words of their own."""
    event = MaterialRequested(
        **_about(applicant),
        requested_by="reviewer-1",
        stage=Stage.FIRST,
        round=1,
        kinds=["test_report"] * len(details),
        answer_due_on=date(2030, 12, 11),
        private=RequestedPrivate(details=list(details)),
    )
    return person_keys.sealed(event, applicant.key)


def a_rejection(applicant: Applicant, opinion: str, detail: str) -> DecisionMade:
    """The application is rejected for a reason that stands in the list and is explained in words."""
    event = DecisionMade(
        **_about(applicant),
        outcome=Outcome.REJECTED,
        decided_by="reviewer-2",
        first_reviewer="reviewer-1",
        policy_version=1,
        reasons=[{"code": "R-01", "text": "病历资料超过规定期限"}],
        remedy="可申请行政复议",
        private=DecidedPrivate(opinion=opinion, details=[detail]),
    )
    return person_keys.sealed(event, applicant.key)


def _about(applicant: Applicant) -> dict:
    return {
        "application_id": applicant.application_id,
        "acceptance_no": applicant.acceptance_no,
        "region": applicant.region,
        "occurred_at": app.now(),
    }


def received(event: Event) -> Received:
    """An event as a consumer gets it: nothing in it is opened."""
    body = published(event)
    assert body is None or b'"private"' not in body
    read = event if body is None else type(event).read(body)
    assert not isinstance(read, SealedEvent) or read.private is None
    names = {"topic": event.topic, "key": event.key, "type": event.type, "occurred_at": event.occurred_at}
    places = {"partition": 0, "offset": 0, "sequence": None, "traceparent": None, "record": None}
    return Received(event=read, event_id=UUID(str(uuid7())), **names, **places)
