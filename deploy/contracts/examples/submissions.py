"""Examples of what a channel offers on the bus and what it is answered."""

from hashlib import sha256

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
from shared.contracts.base import Event
from shared.contracts.submissions import (
    ApplicantClass,
    ApplicationType,
    Defect,
    Receipt,
    SubmissionOffered,
    SubmissionReceived,
    SubmissionRefused,
)

CHANNEL = "shili_app"
KEY = "shili-20260918-000017"

OFFERED = SubmissionOffered(
    region=REGION,
    application_type=ApplicationType.NEW,
    disease_code="SL-001",
    applicant_class=ApplicantClass.EMPLOYEE,
    applicant=APPLICANT,
    materials=[CREDENTIAL, CERTIFICATE, REPORT],
    physician_opinion=OPINION,
    declared_true=True,
    notice=READ,
)

EXAMPLES: tuple[tuple[str, Event | SubmissionOffered], ...] = (
    ("employee", OFFERED),
    ("by-agent", OFFERED.model_copy(update={"agent": AGENT, "physician_opinion": None})),
    (
        "receipt",
        SubmissionReceived(
            occurred_at=at(9, 18, 4),
            channel=CHANNEL,
            submission_key=KEY,
            receipt=Receipt(
                acceptance_no=ACCEPTANCE_NO,
                application_id=APPLICATION,
                person_id=PERSON,
                region=REGION,
                submitted_at=at(9, 18, 4),
                body_hash=sha256(OFFERED.model_dump_json(exclude_none=True).encode()).hexdigest(),
                warnings=[
                    Defect(
                        code="material-too-old",
                        field="materials.2",
                        detail="issued more than 6 months ago",
                        detail_zh="该材料开具已超过 6 个月，可能不被采纳，建议更换。",
                    )
                ],
            ),
        ),
    ),
    (
        "two-defects",
        SubmissionRefused(
            occurred_at=at(9, 18, 4),
            channel=CHANNEL,
            submission_key=KEY,
            code="submission-invalid",
            detail="the submission has defects; all are listed",
            defects=[
                Defect(
                    code="id-number-checksum",
                    field="applicant.id_number",
                    detail="the check character does not fit",
                    detail_zh="证件号码校验位不正确，请核对是否输错。",
                ),
                Defect(
                    code="material-missing",
                    field="materials",
                    detail="needed: 疾病诊断证明书",
                    detail_zh="缺少材料：疾病诊断证明书。",
                ),
            ],
        ),
    ),
)
