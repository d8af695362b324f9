"""Examples of what catalog publishes: the small policy of a region that does not exist, and a calendar."""

from datetime import date
from typing import Any

from deploy.contracts.examples.people import NOTICE, REGION, at
from shared.contracts.base import Event
from shared.contracts.calendars import CalendarDocument, HolidaySpan
from shared.contracts.policies import CalendarPublished, PolicyPublished, RegionPolicy
from shared.contracts.sourced import Grade

_SOURCE = {"src": "made up", "grade": "R"}
_UNKNOWN = {"unknown": True, **_SOURCE}
_CONTENT_TYPES = ["application/pdf", "image/jpeg", "image/png", "image/heic"]


def _said(value: Any) -> dict[str, Any]:
    return {"v": value, **_SOURCE}


def _disease(code: str, name: str, *aliases: str) -> dict[str, Any]:
    return {
        "code": code,
        "name": _said(name),
        "aliases": _said(list(aliases)),
        "disease_class": _UNKNOWN,
        "national_code": _UNKNOWN,
        "re_review_years": _said(2),
        "annual_cap_yuan": _said("as_inpatient"),
    }


def _material(kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {
        "kind": kind,
        "name": _said(name),
        "required": _said(True),
        "any_of": _said([[kind]]),
        "needed_by": _said("submission"),
        **more,
    }


_DEADLINES = {
    "sla_working_days": {**_said(15), "conflict": [{"v": 20, "src": "made up too", "note": "另一处说法"}]},
    "acceptance_working_days": _said(5),
    "deemed_accepted_if_silent": _said(True),
    "clock_start": _said("acceptance"),
    "after_hours_acceptance": _said("same_day"),
    "on_supplement": _said("pause"),
    "on_offline_verification": _said("pause"),
    "on_expert_review": _said("run"),
    "on_public_notice": _said("run"),
    "supplement_answer_working_days": _said(10),
    "extension": {"max_times": _said(1), "max_working_days": _said(10), "reason_must_be_told": _said(True)},
    "warn_before_working_days": _said([5, 2, 0]),
}

_REMEDY = {
    "reconsideration_days": _said(60),
    "text_zh": _said("如不服本认定结论，您可以自知道该结论之日起60日内依法申请行政复议。"),
    "text_en": _said("You may apply for administrative reconsideration within 60 days of this decision."),
    "appeal_channels": _said(["窗口", "热线"]),
    "appeal_answer_working_days": _UNKNOWN,
}

_REVIEW = {
    "body": _said("医保经办机构"),
    "expert_review": _said("not_required"),
    "expert_quorum": _said(2),
    "four_eyes": _said(True),
    "material_request_rounds": _said(1),
}

_RETENTION = {
    "determination_years": _said(10),
    "undecided_years": _said(3),
    "counted_from": _said("next_year"),
    "when_due": _said("erase"),
    "keeps_predecessor": _said(False),
    "unused_upload_days": _said(30),
    "message_years": _UNKNOWN,
    "log_months_min": _said(6),
}

_CHANNEL = {
    "id": "shili_miniprogram",
    "name": _said("示例医保小程序"),
    "kind": "wechat_miniprogram",
    "owner": _said("city"),
    "way_in": _said("微信搜索“示例医保”"),
    "takes_applications": _said(True),
}

_POLICY: dict[str, Any] = {
    "region": REGION,
    "version": 1,
    "effective_from": "2026-01-01",
    "name": _said("示例市"),
    "province": _said("示例省"),
    "admdvs": _said("999900"),
    "divisions": [{"code": "999902", "name": _said("示例区")}],
    "benefit_name": _said("门诊特殊疾病（门特）"),
    "matter_names": _said(["门特申请"]),
    "agency": _said("示例市医保经办机构"),
    "sms_signature": _said("示例医保"),
    "hotline": _said("12393"),
    "hours": _UNKNOWN,
    "applicant_classes": [{"id": "employee", "name": _said("城镇职工参保人员"), "insutype": _said("310")}],
    "application_types": _said(["new", "renewal"]),
    "eligibility": {
        name: _said(True) for name in ("enrolment_normal", "no_arrears", "out_of_area_filing_first")
    },
    "intake_mode": _said("rolling"),
    "public_notice": _said(False),
    "catalogue": {"title": _said("示例市门诊特殊疾病病种目录"), "count": _said(2), "complete": _said(True)},
    "diseases": [_disease("SL-001", "高血压", "高血压病", "血压高"), _disease("SL-002", "糖尿病", "血糖高")],
    "materials": [
        _material(
            "id_document",
            "有效身份证件",
            any_of=_said([["id_card_front", "id_card_back"], ["e_insurance_credential"]]),
        ),
        _material("test_report", "检查报告", max_age_months=_said(6), hint=_said("近六个月内的检查报告")),
        _material(
            "physician_opinion",
            "医师认定意见",
            needed_by=_said("decision"),
            signer_title_min=_said("associate_chief"),
            when={"diseases": ["SL-001"]},
        ),
    ],
    "deadlines": _DEADLINES,
    "review": _REVIEW,
    "remedy": _REMEDY,
    "retention": _RETENTION,
    "rejection_reasons": [{"code": "RECORD_TOO_OLD", "text_zh": _said("病历资料超过规定期限")}],
    "notice": {"version": NOTICE, "text": _said("请如实填写并上传清晰、完整的材料。")},
    "upload": {
        "max_file_mib": _said(10),
        "max_submission_mib": _said(60),
        "max_files": _said(60),
        "content_types": _said(_CONTENT_TYPES),
    },
    "channels": [_CHANNEL],
    "guide": [{"id": "submit", "title": "提交申请", "body": _said("在小程序中选择病种并上传材料。")}],
    "benefit": [],
    "notifications": {
        "by_event": [{"event": "decision-made", "channels": _said(["sms", "in_app"])}],
        "neutral_wording": _said(False),
        "entry": _said("门特办理"),
    },
}

_CALENDAR = CalendarDocument(
    year=2026,
    version=1,
    source="示例通知〔2025〕1号",
    grade=Grade.UNVERIFIED,
    announced_on=date(2025, 11, 4),
    days_off=(
        HolidaySpan(name="元旦", first=date(2026, 1, 1), last=date(2026, 1, 3)),
        HolidaySpan(name="国庆节", first=date(2026, 10, 1), last=date(2026, 10, 7)),
    ),
    make_up_working_days=(date(2026, 1, 4), date(2026, 10, 10)),
)

EXAMPLES: tuple[tuple[str, Event], ...] = (
    (
        "small-region",
        PolicyPublished(
            occurred_at=at(1, 1, 0),
            region=REGION,
            policy_version=1,
            content_hash="9b" * 32,
            document=RegionPolicy.model_validate(_POLICY),
        ),
    ),
    (
        "2026",
        CalendarPublished(
            occurred_at=at(1, 1, 0),
            year=2026,
            calendar_version=1,
            content_hash="4e" * 32,
            document=_CALENDAR,
        ),
    ),
)
