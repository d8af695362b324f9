"""The persons and papers of the examples; all made up, the numbers of a region that does not exist."""

from datetime import UTC, date, datetime
from typing import TypedDict
from uuid import UUID

from shared.contracts.submissions import (
    Agent,
    Material,
    NoticeRead,
    Person,
    PhysicianOpinion,
    PhysicianTitle,
)

REGION = "shili"
APPLICATION = UUID("019a5d1e-7c00-7a10-8000-0000000000a1")
PERSON = UUID("5d2f0c0e-6a1b-8c3d-9e4f-00000000a001")
KEY = UUID("7c1e5a90-2f4b-4d68-9a3c-00000000c001")
ACCEPTANCE_NO = "53TSVN9FFWK4WB"
NOTICE = "shili-2026-1"

BOX = "AbmsYQ5PJ4bnWv3wXK1zT9yM0cRk2hLdUeVfGgSiNpQoHtJxBaCr7DuE6F8sZ_l4"
"""In place of every sealed part: made up, no key opens it."""


class Sealed(TypedDict):
    """What every event with a private part says of its box."""

    key_id: UUID
    sealed: str


SEALED = Sealed(key_id=KEY, sealed=BOX)


def at(month: int, day: int, hour: int, minute: int = 0) -> datetime:
    """A moment of 2026, in UTC."""
    return datetime(2026, month, day, hour, minute, tzinfo=UTC)


APPLICANT = Person(
    name="张示例",
    id_number="990101196403070125",
    phone="19900001234",
    address="示例省示例市示例区示例路1号",
)

AGENT = Agent(name="张小样", id_number="990101198805222135", phone="19900005678", relation="子女")

CERTIFICATE = Material(
    kind="diagnosis_certificate",
    content_hash="3f" * 32,
    content_type="application/pdf",
    size=184_320,
    issued_on=date(2026, 9, 2),
    issuer="示例市第一人民医院",
    issuer_level=3,
    stamped=True,
)

REPORT = Material(
    kind="test_report",
    content_hash="a7" * 32,
    content_type="image/jpeg",
    size=612_004,
    issued_on=date(2026, 9, 1),
    issuer="示例市第一人民医院",
)

CREDENTIAL = Material(
    kind="e_insurance_credential", content_hash="1c" * 32, content_type="image/png", size=90_112
)

OPINION = PhysicianOpinion(
    physician="李样本",
    title=PhysicianTitle.ASSOCIATE_CHIEF,
    department="心血管内科",
    institution="示例市第一人民医院",
    opinion="患者确诊原发性高血压三年，规律服药，符合门诊特殊疾病认定标准。",
    signed_on=date(2026, 9, 3),
)

READ = NoticeRead(version=NOTICE, read_at=at(9, 18, 3, 55))
