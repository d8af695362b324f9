"""What the applicants of the stories hand in: their papers, their forms, the physician's opinion."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta

from deploy.demo.papers import Paper
from deploy.demo.persons import Figure
from shared.contracts.submissions import (
    ApplicantClass,
    ApplicationType,
    Material,
    NoticeRead,
    PhysicianOpinion,
    PhysicianTitle,
    SubmissionOffered,
)

PANZHIHUA_HOSPITAL = "攀枝花市样例医院"
SHANGRAO_HOSPITAL = "上饶市样例医院"
THIRD_LEVEL = 3
FORM_TITLES = {
    "panzhihua": "门诊慢特病病种待遇认定申请表",
    "shangrao": "江西省门诊慢特病病种待遇认定申请表",
}


@dataclass(frozen=True, slots=True)
class Wish:
    """Who applies where, for what, in which class."""

    figure: Figure
    region: str
    disease_code: str
    disease: str
    applicant_class: ApplicantClass
    papers: list[Paper] = field(default_factory=list)


def an_offer(
    wish: Wish, materials: Iterable[Material], notice: NoticeRead, previous: str | None = None
) -> SubmissionOffered:
    """Fill in the form: declared true, without a physician's opinion; `previous` was rejected."""
    return SubmissionOffered(
        region=wish.region,
        application_type=ApplicationType.NEW,
        disease_code=wish.disease_code,
        applicant_class=wish.applicant_class,
        applicant=wish.figure.as_applicant(),
        materials=list(materials),
        declared_true=True,
        notice=notice,
        previous_acceptance_no=previous,
    )


def panzhihua_papers(figure: Figure, today: date, record_age: int) -> list[Paper]:
    """Identity card, social security card, form, diagnosis, and a record of so many days ago."""
    seen_on = today - timedelta(days=record_age)
    return [
        *identity_card(figure),
        social_security_card(figure),
        application_form(figure, "panzhihua", "高血压", today),
        diagnosis(figure, today - timedelta(days=12)),
        outpatient_record(figure, seen_on),
    ]


def shangrao_papers(figure: Figure, today: date) -> list[Paper]:
    """The form, photographed on the kitchen table, and the summary of a stay in hospital."""
    return [
        application_form(figure, "shangrao", "糖尿病伴有并发症", today),
        discharge_summary(figure, today - timedelta(days=20)),
    ]


def identity_card(figure: Figure) -> list[Paper]:
    """Both sides, photographed."""
    born = figure.birth_date
    front = [
        ("姓名", figure.name),
        ("出生", f"{born.year}年{born.month}月{born.day}日"),
        ("住址", "样例省虚构市演示路1号"),
        ("公民身份号码", figure.id_number),
    ]
    back = [("签发机关", "虚构市公安局"), ("有效期限", "2020.01.01-2040.01.01")]
    return [
        Paper("id_card_front", "居民身份证（样张）", front, shape="card"),
        Paper("id_card_back", "居民身份证（样张 背面）", back, shape="card"),
    ]


def social_security_card(figure: Figure) -> Paper:
    """The card that stands in for the electronic credential."""
    fields = [("姓名", figure.name), ("社会保障号码", figure.id_number), ("参保地", "攀枝花市")]
    return Paper("social_security_card", "社会保障卡（样张）", fields, shape="card")


def application_form(figure: Figure, region: str, disease: str, today: date) -> Paper:
    """The form: filled in online and signed in Panzhihua (PDF), on paper in Shangrao (photograph)."""
    return Paper(
        "application_form",
        FORM_TITLES[region],
        [
            ("姓名", figure.name),
            ("公民身份号码", figure.id_number),
            ("联系电话", figure.phone),
            ("申请病种", disease),
            ("申请类型", "新申请"),
        ],
        ["本人承诺以上信息及所附材料真实、完整、有效，如有不实，愿承担相应责任。"],
        issued_on=today,
        signature=f"申请人（签名）：{figure.name}",
        photographed=region == "shangrao",
    )


def diagnosis(figure: Figure, on: date) -> Paper:
    """The certificate of a hospital of the third level, with its stamp."""
    return Paper(
        "diagnosis_certificate",
        "疾病诊断证明书",
        [*_patient(figure), ("科室", "心血管内科"), ("诊断", "高血压病3级（很高危）")],
        [
            "患者反复头晕两年余，多次测量血压高于160/100mmHg，予规律降压治疗，血压控制尚可。",
            "建议长期门诊服药，定期随访。",
        ],
        issuer=PANZHIHUA_HOSPITAL,
        issuer_level=THIRD_LEVEL,
        issued_on=on,
        signature="副主任医师：示范",
        stamped=True,
    )


def outpatient_record(figure: Figure, on: date) -> Paper:
    """The record of a visit, as the hospital's own system prints it."""
    return Paper(
        "outpatient_record",
        "门诊病历",
        [*_patient(figure), ("就诊日期", f"{on:%Y-%m-%d}"), ("血压", "168/102mmHg"), ("诊断", "高血压病")],
        [
            "主诉：反复头晕两年余。现病史：血压升高，间断服药。",
            "处理：氨氯地平片5mg每日一次，低盐饮食，两周后复诊。",
        ],
        issuer=PANZHIHUA_HOSPITAL,
        issuer_level=THIRD_LEVEL,
        issued_on=on,
        signature="主治医师：样例",
        stamped=True,
        photographed=False,
    )


def discharge_summary(figure: Figure, on: date) -> Paper:
    """The summary of a stay in a designated hospital."""
    return Paper(
        "discharge_summary",
        "出院小结",
        [*_patient(figure), ("科室", "内分泌科"), ("出院诊断", "2型糖尿病伴周围神经病变")],
        [
            "入院情况：口渴多饮五年，双足麻木半年。糖化血红蛋白9.1%，空腹血糖10.8mmol/L。",
            "出院医嘱：规律使用降糖药物，监测血糖，定期门诊复查。",
        ],
        issuer=SHANGRAO_HOSPITAL,
        issuer_level=THIRD_LEVEL,
        issued_on=on,
        signature="主治医师：样例",
        stamped=True,
        photographed=False,
    )


def opinion_page(figure: Figure, on: date) -> Paper:
    """The page with the physician's opinion, signed in the hospital and photographed."""
    return Paper(
        "physician_opinion",
        "医师认定意见",
        [*_patient(figure), ("申请病种", "糖尿病伴有并发症")],
        [_OPINION],
        issuer=SHANGRAO_HOSPITAL,
        issuer_level=THIRD_LEVEL,
        issued_on=on,
        signature="副主任医师（签名）：示范",
        stamped=True,
    )


def physician_opinion(on: date) -> PhysicianOpinion:
    """The same opinion as the form holds it."""
    return PhysicianOpinion(
        physician="示范",
        title=PhysicianTitle.ASSOCIATE_CHIEF,
        department="内分泌科",
        institution=SHANGRAO_HOSPITAL,
        opinion=_OPINION,
        signed_on=on,
    )


_OPINION = "患者2型糖尿病伴周围神经病变诊断明确，符合门诊慢特病糖尿病伴有并发症的认定条件。"


def _patient(figure: Figure) -> list[tuple[str, str]]:
    return [("姓名", figure.name), ("公民身份号码", figure.id_number)]
