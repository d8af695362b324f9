"""Examples of what intake states about applications."""

from datetime import date
from hashlib import sha256
from uuid import UUID

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
    SEALED,
    at,
)
from shared.contracts.applications import (
    ApplicationRetired,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    MaterialSupplied,
    Paper,
    SubmittedPrivate,
    SuppliedPrivate,
    WithdrawnPrivate,
    paper,
    paper_private,
)
from shared.contracts.base import Event
from shared.contracts.retention import Disposal
from shared.contracts.submissions import ApplicantClass, ApplicationType, Material


def _facts(*materials: Material) -> list[Paper]:
    """What is known of papers, under names that are made up."""
    return [paper(one, sha256(one.kind.encode()).hexdigest()) for one in materials]


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
            materials=_facts(CREDENTIAL, CERTIFICATE, REPORT),
            notice=READ,
            private=SubmittedPrivate(
                applicant=APPLICANT,
                papers=[paper_private(one) for one in (CREDENTIAL, CERTIFICATE, REPORT)],
                physician_opinion=OPINION,
            ),
            **SEALED,
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
            materials=_facts(CREDENTIAL, REPORT),
            notice=READ,
            private=SubmittedPrivate(
                applicant=APPLICANT,
                agent=AGENT,
                papers=[paper_private(one) for one in (CREDENTIAL, REPORT)],
            ),
            **SEALED,
        ),
    ),
    (
        "physician-opinion",
        MaterialSupplied(
            occurred_at=at(9, 24, 2, 10),
            application_id=APPLICATION,
            round=1,
            materials=_facts(CERTIFICATE),
            with_opinion=True,
            fingerprint="5e" * 32,
            private=SuppliedPrivate(papers=[paper_private(CERTIFICATE)], physician_opinion=OPINION),
            **SEALED,
        ),
    ),
    (
        "with-reason",
        ApplicationWithdrawn(
            occurred_at=at(9, 21, 6),
            application_id=APPLICATION,
            private=WithdrawnPrivate(reason="材料不齐，准备齐全后重新申请。"),
            **SEALED,
        ),
    ),
    (
        "after-ten-years",
        ApplicationRetired(
            occurred_at=at(11, 22, 2).replace(year=2037),
            application_id=APPLICATION,
            disposal=Disposal.ERASE,
            policy_version=1,
            due_on=date(2037, 1, 1),
            run_id=UUID("019a0f3e-0000-7000-8000-000000000037"),
            asked_by="operator",
            approved_by="supervisor",
        ),
    ),
)
