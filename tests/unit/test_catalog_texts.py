"""Texts for applicants repeat no default of the product as if it were a rule that was read somewhere."""

import re
from collections.abc import Iterator
from typing import Any

import pytest

from services.catalog.app import HERE
from tests.support.policy_paths import SHOWN, found

FORM = ("forms/form.typ", "forms/wording.py")
TEXTS = (
    "notice",
    "guide",
    "checklist",
    "benefit",
    "comparison",
    "materials",
    "offline_verification",
    "online",
)
PAUSES = r"不计入|不算在内|不计算在|停止计|暂停(?!联网结算)|顺延至补|重新计(?:算|时)|从头计"
ANSWER = r"工作日内(?:补|提交|交齐|回复)|逾期未补|未附的|将通知(?:您|你)补"
MESSAGES = r"短信|站内消息"
SWITCHES = [
    (PAUSES, "deadlines.on_supplement"),
    (ANSWER, "deadlines.supplement_answer_working_days"),
    (MESSAGES, "notifications.by_event.material-requested.channels"),
    (MESSAGES, "notifications.by_event.decision-made.channels"),
    (r"受理[^。；]*(?:短信|站内消息)", "notifications.by_event.application-accepted.channels"),
    (r"保存\d+年|保留\d+年", "retention.undecided_years"),
]


def texts(part: Any) -> Iterator[str]:
    """Every text of a part; sources, notes and what other sources claim are not told as rules."""
    if isinstance(part, str):
        yield part
    elif isinstance(part, list):
        for one in part:
            yield from texts(one)
    elif isinstance(part, dict):
        for name, one in part.items():
            if name not in {"src", "grade", "note", "conflict", "origin"}:
                yield from texts(one)


@pytest.mark.parametrize(("told", "path"), SWITCHES)
@pytest.mark.parametrize("region", SHOWN)
def test_no_text_tells_a_default_of_the_product_as_a_rule(region: str, told: str, path: str) -> None:
    if found(region, path)["grade"] != "R":
        return
    said = [one for name in TEXTS for one in texts(SHOWN[region][name]) if re.search(told, one)]
    assert said == []


@pytest.mark.parametrize("file", FORM)
def test_the_form_promises_none_of_them_either(file: str) -> None:
    written = (HERE / file).read_text(encoding="utf-8")
    assert re.findall("|".join((PAUSES, ANSWER, MESSAGES)), written) == []
