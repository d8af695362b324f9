"""Policies, submissions and signed calls for intake's tests; valid by default."""

from collections.abc import Sequence
from datetime import UTC, date, datetime
from hashlib import sha256
from secrets import token_hex
from typing import Any
from uuid import UUID

from uuid_utils.compat import uuid7

from services.intake import actions, store
from services.intake.actions import Call, Desk
from services.intake.domain.identity import check_character
from services.intake.domain.rulebook import Rulebook, rulebook
from services.intake.domain.submitting import Answer, Draw, Known, Offer
from services.intake.domain.validating import StoredMaterial
from shared.contracts.policies import RegionPolicy
from shared.contracts.submissions import SubmissionOffered
from shared.nonces import Nonces

NOON = datetime(2026, 9, 18, 4, 0, tzinfo=UTC)
TODAY = date(2026, 9, 18)
LOOKUP_KEY = bytes(range(32))
PDF = b"%PDF-1.7\n% a paper for tests\n"
PAPER = sha256(PDF).hexdigest()
CHANNEL = "panzhihua_miniprogram"
PANZHIHUA = frozenset({"panzhihua"})
PERSONS = iter(range(1, 1000))
SOURCE = {"src": "made up for tests", "grade": "R"}


def said(value: Any) -> dict[str, Any]:
    """A value with a source."""
    return {"v": value, **SOURCE}


def an_id_number(birth: str = "19900101", place: int = 1) -> str:
    """A number with a right check character in a region that does not exist."""
    first = f"990101{birth}{place:03d}"
    return first + check_character(first)


def a_rule(kind: str, **changes: Any) -> dict[str, Any]:
    """A required paper of one kind."""
    rule = {
        "kind": kind,
        "name": said(f"材料{kind}"),
        "required": said(True),
        "any_of": said([[kind]]),
        "needed_by": said("submission"),
    }
    return {**rule, **changes}


def a_policy(**changes: Any) -> RegionPolicy:
    """A small policy of Panzhihua: two diseases, three papers."""
    document: dict[str, Any] = {
        "region": "panzhihua",
        "version": 1,
        "effective_from": "2025-01-01",
        **{name: said(name) for name in ("name", "province", "admdvs", "benefit_name", "agency")},
        **{name: said(name) for name in ("sms_signature", "hotline", "intake_mode")},
        "divisions": [],
        "matter_names": said(["门特申请"]),
        "hours": {"unknown": True, **SOURCE},
        "applicant_classes": [
            {"id": kind, "name": said(kind), "insutype": said("310")} for kind in ("employee", "resident")
        ],
        "application_types": said(["new", "renewal"]),
        "eligibility": {
            name: said(True) for name in ("enrolment_normal", "no_arrears", "out_of_area_filing_first")
        },
        "public_notice": said(False),
        "catalogue": {"title": said("病种目录"), "count": said(2), "complete": said(False)},
        "diseases": [_disease("PZH-001", "高血压"), _disease("PZH-002", "糖尿病")],
        "deadlines": _deadlines(),
        "materials": _papers(),
        **_duties(),
        "channels": [_channel(CHANNEL), _channel("sichuan_app"), _channel("leaflet", takes=False)],
        "guide": [],
        "benefit": [],
        "notifications": {"by_event": [], "neutral_wording": said(False)},
    }
    return RegionPolicy.model_validate({**document, **changes})


def _deadlines() -> dict[str, Any]:
    return {
        "sla_working_days": said(15),
        "acceptance_working_days": said(5),
        "deemed_accepted_if_silent": said(True),
        "clock_start": said("acceptance"),
        "after_hours_acceptance": said("same_day"),
        "on_supplement": said("pause"),
        "on_offline_verification": said("pause"),
        "on_expert_review": said("run"),
        "on_public_notice": said("run"),
        "supplement_answer_working_days": said(10),
        "extension": {
            "max_times": said(1),
            "max_working_days": said(10),
            "reason_must_be_told": said(True),
        },
        "warn_before_working_days": said([5, 2, 0]),
    }


def _papers() -> list[dict[str, Any]]:
    return [
        a_rule("id_document", any_of=said([["id_card_front", "id_card_back"], ["e_insurance_credential"]])),
        a_rule("tests_or_record", any_of=said([["test_report"], ["outpatient_record"]])),
        a_rule("authorization_letter", when={"by_agent": True}),
        a_rule("physician_opinion", needed_by=said("decision"), signer_title_min=said("associate_chief")),
    ]


def a_retention(**changes: Any) -> dict[str, Any]:
    """Ten years for what was decided, three for what was not, thirty days for an upload."""
    years = {"determination_years": 10, "undecided_years": 3, "unused_upload_days": 30, "log_months_min": 6}
    acts = {"counted_from": "next_year", "when_due": "erase", "keeps_predecessor": False}
    values = {name: said(value) for name, value in {**years, **acts, **changes}.items()}
    return {**values, "message_years": {"unknown": True, **SOURCE}}


def _duties() -> dict[str, Any]:
    """How it is reviewed, what a rejection says, what is read before, what may be uploaded."""
    return {
        "review": {
            "body": said("医保经办机构"),
            "expert_review": said("not_required"),
            "expert_quorum": said(2),
            "four_eyes": said(True),
            "material_request_rounds": said(1),
        },
        "remedy": {
            "reconsideration_days": said(60),
            "text_zh": said("可申请行政复议。"),
            "text_en": said("You may ask for reconsideration."),
            "appeal_channels": said(["hotline"]),
            "appeal_answer_working_days": {"unknown": True, **SOURCE},
        },
        "retention": a_retention(),
        "rejection_reasons": [{"code": "RECORD_TOO_OLD", "text_zh": said("病历资料超过规定期限")}],
        "notice": {"version": "notice-1", "text": said("办理须知")},
        "upload": {
            "max_file_mib": said(10),
            "max_submission_mib": said(60),
            "max_files": said(60),
            "content_types": said(["application/pdf", "image/jpeg", "image/png", "image/heic"]),
        },
    }


def a_rulebook(**changes: Any) -> Rulebook:
    """The small policy, arranged."""
    return rulebook(a_policy(**changes))


def a_material(kind: str, **changes: Any) -> dict[str, Any]:
    """One uploaded paper."""
    paper = {"kind": kind, "content_hash": PAPER, "content_type": "application/pdf", "size": len(PDF)}
    return {**paper, **changes}


def a_body(**changes: Any) -> dict[str, Any]:
    """What a channel sends for a person with hypertension in Panzhihua."""
    body: dict[str, Any] = {
        "region": "panzhihua",
        "application_type": "new",
        "disease_code": "PZH-001",
        "applicant_class": "employee",
        "applicant": {"name": "测试员", "id_number": an_id_number(), "phone": "19900001234"},
        "materials": [a_material("e_insurance_credential"), a_material("test_report")],
        "declared_true": True,
        "notice": {"version": "notice-1", "read_at": "2026-09-18T03:50:00Z"},
    }
    return {**body, **changes}


def an_offer(key: str = "key-1", channel: str = CHANNEL, at: datetime = NOON, **changes: Any) -> Offer:
    """A submission that came in; `changes` are made to its body."""
    offered = SubmissionOffered.model_validate(a_body(**changes))
    digest = sha256(offered.model_dump_json().encode()).digest()
    return Offer(channel, PANZHIHUA, key, digest, offered, at)


def uploaded() -> Known:
    """What is known when the paper of the tests was uploaded."""
    return Known({PAPER: StoredMaterial(len(PDF), "application/pdf")})


def a_draw(random_bits: int = 0x1234_5678_9ABC_DEF0, application_id: UUID | None = None) -> Draw:
    """Ids and chance."""
    return Draw(application_id or uuid7(), random_bits)


def _disease(code: str, name: str) -> dict[str, Any]:
    unknown = {"unknown": True, **SOURCE}
    return {
        "code": code,
        "name": said(name),
        "aliases": said([]),
        **dict.fromkeys(("disease_class", "national_code", "re_review_years", "annual_cap_yuan"), unknown),
    }


def _channel(channel: str, *, takes: bool = True) -> dict[str, Any]:
    return {
        "id": channel,
        "name": said(channel),
        "kind": "app",
        "owner": said("local"),
        "way_in": said("扫码"),
        "takes_applications": said(takes),
    }


def calls(offers: list[Offer]) -> list[Call]:
    """Calls that offer this, each with a nonce of its own."""
    return [Call(offer, token_hex(16)) for offer in offers]


async def submit(desk: Desk, offers: list[Offer]) -> Sequence[Answer]:
    """Take submissions where nobody remembers nonces."""
    nonces = Nonces("redis://127.0.0.1:1")
    try:
        return await actions.submit_applications(desk, nonces.first_uses, calls(offers))
    finally:
        await nonces.close()


async def publish(desk: Desk, policy: RegionPolicy) -> None:
    """Let a policy arrive."""
    async with desk.database.transaction() as tx:
        await store.published.keep_policies(tx, [policy])
    await desk.policies.refresh()


def offer(key: str = "key-1", **changes: Any) -> Offer:
    """A submission for a person of its own."""
    person = {"name": "测试员", "id_number": an_id_number("19800101", next(PERSONS)), "phone": "19900001234"}
    return an_offer(key, **{"applicant": person, **changes})
