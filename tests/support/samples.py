"""Valid values by default; one argument tells the story. Every person is made up."""

from uuid import UUID, uuid4

from shared.contracts.applications import ApplicationSubmitted, ApplicationWithdrawn
from shared.contracts.submissions import ApplicantClass, ApplicationType, NoticeRead, Person
from tests.support.private import told
from tests.support.times import NOON


def a_person(**changes) -> Person:
    """A person with a valid number of an impossible region."""
    return Person(**{"name": "测试员", "id_number": "990101199001010012", "phone": "19900001234", **changes})


def an_application_submitted(application_id: UUID | None = None, **changes) -> ApplicationSubmitted:
    """An application from Panzhihua for hypertension."""
    values = {
        "application_id": application_id or uuid4(),
        "acceptance_no": "26" + uuid4().hex[:14].upper(),
        "region": "panzhihua",
        "policy_version": 1,
        "channel": "panzhihua_miniprogram",
        "application_type": ApplicationType.NEW,
        "disease_code": "PZH-001",
        "applicant_class": ApplicantClass.EMPLOYEE,
        "person_id": uuid4(),
        "applicant": a_person(),
        "materials": [],
        "notice": NoticeRead(version="1", read_at=NOON),
        "occurred_at": NOON,
    }
    return told(ApplicationSubmitted, **{**values, **changes})


def an_application_withdrawn(application_id: UUID, **changes) -> ApplicationWithdrawn:
    """The applicant took it back."""
    values = {"application_id": application_id, "occurred_at": NOON, **changes}
    return told(ApplicationWithdrawn, **values)
