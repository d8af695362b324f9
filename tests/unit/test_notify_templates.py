"""The words of messages: what they may say, and how many segments they fill."""

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from itertools import product

import pytest

from services.notify.domain.announcing import SMS, WAYS, Details, RegionRules, Template
from services.notify.templates import (
    CURRENT,
    WORDINGS,
    Language,
    Subject,
    inbox_text,
    segments,
    sms_text,
)
from shared.contracts.base import ERASED

PANZHIHUA = RegionRules("panzhihua", 1, "攀枝花医保", "510400", entry="我的申请")
SHANGRAO = RegionRules("shangrao", 1, "上饶医疗保障", "361100")
LONGEST_SIGNATURE = RegionRules("x", 1, "攀枝花市医疗保障经办中心", "510400", entry="我的申请")
NUMBER = "PZH2610020000123"

PUBLISHED = {
    (Template.SUBMITTED, 1): "34eb1eb15f76",
    (Template.ACCEPTED, 1): "b3417de9b3a7",
    (Template.MATERIAL_REQUESTED, 1): "2e02014cd5bb",
    (Template.APPROVED, 1): "954393196b04",
    (Template.REJECTED, 1): "11311799bb11",
    (Template.REJECTED, 2): "165064020e19",
    (Template.WITHDRAWN, 1): "606cace7382a",
}


def a_subject(rules: RegionRules = PANZHIHUA, words: Sequence[str] = (), **details: object) -> Subject:
    named = Details(on="2026-12-11", **details)  # type: ignore[typeddict-item]
    return Subject(named, NUMBER, rules, words)


@pytest.mark.parametrize(
    ("template", "rules", "on", "text", "length"),
    [
        (
            Template.ACCEPTED,
            PANZHIHUA,
            "2026-12-11",
            "【攀枝花医保】您的门诊慢特病认定申请(尾号0123)已受理,将于2026-12-11前办结,可在“我的申请”查看进度。",
            59,
        ),
        (
            Template.ACCEPTED,
            SHANGRAO,
            "2026-12-18",
            "【上饶医疗保障】您的门诊慢特病认定申请(尾号0123)已受理,将于2026-12-18前办结,可在原渠道查看进度。",
            57,
        ),
        (
            Template.MATERIAL_REQUESTED,
            PANZHIHUA,
            "2026-10-09",
            "【攀枝花医保】您的申请(尾号0123)需补充材料,请于2026-10-09前在原渠道“我的申请”查看清单并补交。",
            56,
        ),
        (
            Template.APPROVED,
            PANZHIHUA,
            "2026-12-11",
            "【攀枝花医保】您的门诊慢特病认定申请(尾号0123)已通过,待遇起止时间请在“我的申请”查看。",
            47,
        ),
        (
            Template.REJECTED,
            PANZHIHUA,
            "2026-12-11",
            "【攀枝花医保】您的门诊慢特病认定申请(尾号0123)未通过,原因及救济途径请在“我的申请”查看,可补充材料后重新申请或申诉。",
            62,
        ),
    ],
)
def test_a_text_reads_as_it_was_agreed(
    template: Template, rules: RegionRules, on: str, text: str, length: int
) -> None:
    worded = sms_text(template, 1, Subject(Details(on=on), NUMBER, rules))
    assert worded == text
    assert len(worded) == length


@pytest.mark.parametrize(
    ("characters", "expected"), [(1, 1), (70, 1), (71, 2), (134, 2), (135, 3), (201, 3), (202, 4)]
)
def test_seventy_characters_are_one_segment_and_more_are_cut_at_67(characters: int, expected: int) -> None:
    assert segments("字" * characters) == expected


def test_a_character_outside_the_basic_plane_counts_twice() -> None:
    assert segments("𠮷" * 35) == 1
    assert segments("𠮷" * 36) == 2


@pytest.mark.parametrize(
    ("template", "provisional"),
    list(product([t for t in Template if SMS in WAYS[t]], [False, True])),
)
def test_every_text_fits_one_segment_under_the_longest_signature(
    template: Template, provisional: bool
) -> None:
    subject = a_subject(LONGEST_SIGNATURE, provisional=provisional)
    assert len(LONGEST_SIGNATURE.signature) == 12
    assert segments(sms_text(template, CURRENT[template], subject)) == 1


def test_a_text_tells_only_the_last_four_characters_of_the_number() -> None:
    for template in (t for t in Template if SMS in WAYS[t]):
        text = sms_text(template, 1, a_subject())
        assert "0123" in text
        assert NUMBER[:-4] not in text
        assert "【" in text


def test_a_provisional_date_is_not_told_as_certain() -> None:
    assert "预计于2026-12-11前办结" in sms_text(Template.ACCEPTED, 1, a_subject(provisional=True))
    english = inbox_text(Template.ACCEPTED, 1, a_subject(provisional=True), Language.EN)
    assert "not yet certain" in english.body


def test_a_limit_that_nobody_verified_is_not_promised() -> None:
    unverified = replace(PANZHIHUA, limit_verified=False)
    assert "预计于2026-12-11前办结" in sms_text(Template.ACCEPTED, 1, a_subject(unverified))
    assert "将于2026-12-11前办结" in sms_text(Template.ACCEPTED, 1, a_subject(PANZHIHUA))


def test_an_appeal_is_named_only_where_there_is_one() -> None:
    nowhere = replace(PANZHIHUA, appeals=False)
    for rules, named in ((PANZHIHUA, True), (nowhere, False)):
        texts = [sms_text(Template.REJECTED, 2, a_subject(rules))]
        texts += [inbox_text(Template.REJECTED, 2, a_subject(rules), one).body for one in Language]
        assert [("申诉" in text or "appeal" in text) for text in texts] == [named] * 3


def test_neutral_wording_does_not_name_the_kind_of_benefit() -> None:
    neutral = RegionRules("panzhihua", 1, "攀枝花医保", "510400", neutral=True)
    for template in Template:
        texts = [sms_text(template, 1, a_subject(neutral))]
        texts += [inbox_text(template, 1, a_subject(neutral), Language.ZH).body]
        assert not any("慢特病" in text for text in texts)


def test_the_inbox_lists_what_is_missing_and_why() -> None:
    rules = RegionRules("panzhihua", 1, "攀枝花医保", "510400", material_names={"test_report": "检查报告"})
    subject = a_subject(
        rules,
        words=["请补交近六个月的血压记录", "请补盖医院公章"],
        kinds=["test_report", "unheard_of"],
    )
    worded = inbox_text(Template.MATERIAL_REQUESTED, 1, subject, Language.ZH)
    assert worded.body.endswith("：\n1. 检查报告：请补交近六个月的血压记录\n2. 请补盖医院公章")
    assert "by 2026-12-11" in inbox_text(Template.MATERIAL_REQUESTED, 1, subject, Language.EN).body


def test_a_rejection_in_the_inbox_gives_reasons_and_remedy() -> None:
    subject = a_subject(
        words=["出院小结早于六个月"],
        reasons=["病历资料超过规定期限"],
        remedy="收到本通知之日起60日内可申请行政复议",
    )
    body = inbox_text(Template.REJECTED, 1, subject, Language.ZH).body
    assert "1. 病历资料超过规定期限：出院小结早于六个月" in body
    assert "救济途径：收到本通知之日起60日内可申请行政复议" in body
    assert "Remedies: " in inbox_text(Template.REJECTED, 1, subject, Language.EN).body


def test_braces_in_what_an_officer_wrote_stay_as_they_are() -> None:
    subject = a_subject(words=["{tail} {0}"], kinds=["x"])
    assert "1. {tail} {0}" in inbox_text(Template.MATERIAL_REQUESTED, 1, subject, Language.ZH).body


@pytest.mark.parametrize("language", list(Language))
def test_where_nobody_can_read_the_words_any_more_it_is_said(language: Language) -> None:
    rules = RegionRules("panzhihua", 1, "攀枝花医保", "510400", material_names={"test_report": "检查报告"})
    asked = inbox_text(
        Template.MATERIAL_REQUESTED, 1, a_subject(rules, kinds=["test_report", "x"]), language
    ).body
    assert f"检查报告：{ERASED}" in asked.replace(": ", "：")
    assert asked.endswith(f"\n2. {ERASED}")
    rejected = inbox_text(Template.REJECTED, 1, a_subject(reasons=["病历资料超过规定期限"]), language).body
    assert f"病历资料超过规定期限：{ERASED}" in rejected.replace(": ", "：")


@pytest.mark.parametrize("language", list(Language))
def test_every_template_has_words_for_each_way_it_goes_out(language: Language) -> None:
    for template in Template:
        wording = WORDINGS[template, CURRENT[template]]
        assert bool(wording.sms) == (SMS in WAYS[template])
        shown = inbox_text(template, CURRENT[template], a_subject(), language)
        assert shown.title
        assert "{" not in shown.body


def test_a_published_wording_never_changes() -> None:
    """A changed sentence is a new version: what was sent must be told word for word later."""
    found = {
        key: sha256(
            "|".join([w.sms, *(f"{t.title}|{t.body}" for t in w.inbox.values())]).encode()
        ).hexdigest()[:12]
        for key, w in WORDINGS.items()
    }
    assert found == PUBLISHED
