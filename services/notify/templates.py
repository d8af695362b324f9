"""The words of every message by version: texts for the phone, longer ones in two languages for the inbox."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, repeat

from services.notify.domain.announcing import Details, RegionRules, Template
from shared.contracts.base import ERASED

ONE_SEGMENT, EACH_OF_MANY = 70, 67


class Language(StrEnum):
    """The languages of the inbox."""

    ZH = "zh"
    EN = "en"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a text speaks of: details of the event, the application's number, the region's rules.

    `words` say what exactly is wanted or meant, for each kind or reason; ERASED stands where one is missing.
    """

    details: Details
    acceptance_no: str
    rules: RegionRules
    words: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class InboxText:
    """A message as the inbox shows it."""

    title: str
    body: str


@dataclass(frozen=True, slots=True)
class Wording:
    """The words of one template in one version; `sms` is empty where none is sent."""

    sms: str
    inbox: Mapping[Language, InboxText]


CURRENT: Mapping[Template, int] = {**dict.fromkeys(Template, 1), Template.REJECTED: 2}
"""The version that new messages take; one that was sent keeps its own, so no published wording changes."""

WORDINGS: Mapping[tuple[Template, int], Wording] = {
    (Template.SUBMITTED, 1): Wording(
        "【{signature}】您的{matter}(尾号{tail})已于{on}提交,可在{where}查看进度。",
        {
            Language.ZH: InboxText(
                "申请已提交",
                "您的{matter}（尾号{tail}）已于{on}提交，等待受理。受理后将告知办结时间，可在{where}查看进度。",
            ),
            Language.EN: InboxText(
                "Application submitted",
                "Your application (ending {tail}) was submitted on {on} and waits for acceptance. "
                "You will be told the date of the decision once it is accepted.",
            ),
        },
    ),
    (Template.ACCEPTED, 1): Wording(
        "【{signature}】您的{matter}(尾号{tail})已受理,{certainty}{on}前办结,可在{where}查看进度。",
        {
            Language.ZH: InboxText(
                "申请已受理", "您的{matter}（尾号{tail}）已受理，{certainty}{on}前办结，可在{where}查看进度。"
            ),
            Language.EN: InboxText(
                "Application accepted",
                "Your application (ending {tail}) was accepted. A decision is {certainty} by {on}.",
            ),
        },
    ),
    (Template.MATERIAL_REQUESTED, 1): Wording(
        "【{signature}】您的申请(尾号{tail})需补充材料,请于{on}前在{where_exactly}查看清单并补交。",
        {
            Language.ZH: InboxText(
                "请补充材料",
                "您的申请（尾号{tail}）需补充以下材料，请于{on}前在{where_exactly}补交：\n{items}",
            ),
            Language.EN: InboxText(
                "More material is needed",
                "Your application (ending {tail}) needs the following material by {on}. Please hand it in "
                "where you applied:\n{items}",
            ),
        },
    ),
    (Template.APPROVED, 1): Wording(
        "【{signature}】您的{matter}(尾号{tail})已通过,待遇起止时间请在{where}查看。",
        {
            Language.ZH: InboxText(
                "认定通过", "您的{matter}（尾号{tail}）已于{on}通过，待遇起止时间请在{where}查看。"
            ),
            Language.EN: InboxText(
                "Application approved",
                "Your application (ending {tail}) was approved on {on}. See the period of your benefit where "
                "you applied.",
            ),
        },
    ),
    (Template.REJECTED, 1): Wording(
        "【{signature}】您的{matter}(尾号{tail})未通过,原因及救济途径请在{where}查看,"
        "可补充材料后重新申请或申诉。",
        {
            Language.ZH: InboxText(
                "认定未通过",
                "您的{matter}（尾号{tail}）于{on}作出的结论为未通过。\n原因：\n{reasons}\n{remedy}\n"
                "您可以补充材料后重新申请，也可以申诉。",
            ),
            Language.EN: InboxText(
                "Application not approved",
                "Your application (ending {tail}) was not approved on {on}.\nReasons:\n{reasons}\n{remedy}\n"
                "You may apply again with further material, or appeal.",
            ),
        },
    ),
    (Template.REJECTED, 2): Wording(
        "【{signature}】您的{matter}(尾号{tail})未通过,原因及救济途径请在{where}查看,"
        "可补充材料后重新申请{or_appeal}。",
        {
            Language.ZH: InboxText(
                "认定未通过",
                "您的{matter}（尾号{tail}）于{on}作出的结论为未通过。\n原因：\n{reasons}\n{remedy}\n"
                "您可以补充材料后重新申请{or_appeal}。",
            ),
            Language.EN: InboxText(
                "Application not approved",
                "Your application (ending {tail}) was not approved on {on}.\nReasons:\n{reasons}\n{remedy}\n"
                "You may apply again with further material{or_appeal}.",
            ),
        },
    ),
    (Template.WITHDRAWN, 1): Wording(
        "",
        {
            Language.ZH: InboxText(
                "申请已撤回", "您的{matter}（尾号{tail}）已于{on}撤回，不再办理。您可以随时重新申请。"
            ),
            Language.EN: InboxText(
                "Application withdrawn",
                "Your application (ending {tail}) was withdrawn on {on} and is closed. You may apply again "
                "at any time.",
            ),
        },
    ),
}

_CERTAINTY = {
    Language.ZH: {False: "将于", True: "预计于"},
    Language.EN: {False: "due", True: "expected, but not yet certain,"},
}
_OR_APPEAL = {Language.ZH: "或申诉", Language.EN: ", or appeal"}
_COLON = {Language.ZH: "：", Language.EN: ": "}
_REMEDY = {Language.ZH: "救济途径：{}", Language.EN: "Remedies: {}"}


def sms_text(template: Template, version: int, subject: Subject) -> str:
    """Word a text message with its signature (7.2); KeyError for a version that never was."""
    return WORDINGS[template, version].sms.format_map(_fillings(subject, Language.ZH))


def inbox_text(template: Template, version: int, subject: Subject, language: Language) -> InboxText:
    """Word an inbox message; what officers wrote stays in their language."""
    wording = WORDINGS[template, version].inbox[language]
    fillings = _fillings(subject, language)
    return InboxText(wording.title, wording.body.format_map(fillings).replace("\n\n", "\n"))


def segments(text: str) -> int:
    """Count the parts a text is sent in: 70 characters fit one, 67 each of several (7.1)."""
    characters = len(text.encode("utf-16-le")) // 2
    return 1 if characters <= ONE_SEGMENT else -(-characters // EACH_OF_MANY)


def _fillings(subject: Subject, language: Language) -> dict[str, str]:
    details, rules = subject.details, subject.rules
    names = rules.material_names
    entry = f"“{rules.entry}”" if rules.entry else ""
    return {
        "signature": rules.signature,
        "matter": "医保业务申请" if rules.neutral else "门诊慢特病认定申请",
        "tail": subject.acceptance_no[-4:],
        "on": details.get("on", ""),
        "certainty": _CERTAINTY[language][details.get("provisional", False) or not rules.limit_verified],
        "or_appeal": _OR_APPEAL[language] if rules.appeals else "",
        "where": entry or "原渠道",
        "where_exactly": f"原渠道{entry}",
        "items": _numbered([names.get(kind, "") for kind in details.get("kinds", [])], subject, language),
        "reasons": _numbered(details.get("reasons", []), subject, language),
        "remedy": _REMEDY[language].format(details["remedy"]) if details.get("remedy") else "",
    }


def _numbered(names: Iterable[str], subject: Subject, language: Language) -> str:
    lines = zip(names, chain(subject.words, repeat(ERASED)), strict=False)
    worded = [_COLON[language].join(part for part in line if part) for line in lines]
    return "\n".join(f"{place}. {line}" for place, line in enumerate(worded, start=1))
