"""Examples of what intake states about applications."""

from deploy.contracts.examples.people import (
    ACCEPTANCE_NO,
    AGENT,
    APPLICANT,
    APPLICATION,
    CERTIFICATE,
    CREDENTIAL,
    OPINION,
    PERSON,
    READ,
    REGION,
    REPORT,
    at,
)
from shared.contracts.applications import ApplicationSubmitted, ApplicationWithdrawn, MaterialSupplied
from shared.contracts.base import Event
from shared.contracts.submissions import ApplicantClass, ApplicationType

EXAMPLES: tuple[tuple[str, Event], ...] = (
    (
        "employee",
        ApplicationSubmitted(
            occurred_at=at(9, 18, 4),
            application_id=APPLICATION,
            acceptance_no=ACCEPTANCE_NO,
            region=REGION,
            policy_version=1,
            channel="shili_miniprogram",
            application_type=ApplicationType.NEW,
            disease_code="SL-001",
            applicant_class=ApplicantClass.EMPLOYEE,
            person_id=PERSON,
            applicant=APPLICANT,
            materials=[CREDENTIAL, CERTIFICATE, REPORT],
            physician_opinion=OPINION,
            notice=READ,
        ),
    ),
    (
        "by-agent-without-opinion",
        ApplicationSubmitted(
            occurred_at=at(9, 18, 4, 30),
            application_id=APPLICATION,
            acceptance_no=ACCEPTANCE_NO,
            region=REGION,
            policy_version=1,
            channel="shili_window",
            application_type=ApplicationType.RENEWAL,
            disease_code="SL-002",
            applicant_class=ApplicantClass.RESIDENT,
            person_id=PERSON,
            applicant=APPLICANT,
            agent=AGENT,
            materials=[CREDENTIAL, REPORT],
            notice=READ,
        ),
    ),
    (
        "physician-opinion",
        MaterialSupplied(
            occurred_at=at(9, 24, 2, 10),
            application_id=APPLICATION,
            round=1,
            materials=[CERTIFICATE],
            physician_opinion=OPINION,
        ),
    ),
    (
        "with-reason",
        ApplicationWithdrawn(
            occurred_at=at(9, 21, 6),
            application_id=APPLICATION,
            reason="材料不齐，准备齐全后重新申请。",
        ),
    ),
)
