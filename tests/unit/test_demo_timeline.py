"""A story as a layman reads it, and as a program does."""

import io
from typing import Any
from uuid import uuid4

import pytest
from rich.cells import cell_len
from rich.console import Console

from deploy.demo import STORIES
from deploy.demo.counting import explain
from deploy.demo.stories import Story, Told, differences
from deploy.demo.telling import tell
from deploy.demo.timeline import announce, as_line, show
from deploy.demo.wrapping import wrap
from shared.contracts.cases import DecisionMade, ListedGround, MaterialRequested, Outcome, Stage
from tests.support.chapters import NOON, SUBJECT, a_chapter, a_record, an_account

FIRST, SECOND, THIRD = STORIES.values()


def shown(told: Told, width: int = 100) -> str:
    file = io.StringIO()
    screen = Console(file=file, width=width, highlight=False)
    announce(told.story, screen, "Story 1 of 3: ")
    show(told, screen)
    return file.getvalue()


def told(story: Story = FIRST, **changes: Any) -> Told:
    return Told(story, [a_chapter(**changes)], 3.2)


@pytest.mark.parametrize("width", [60, 80, 100, 160])
def test_a_timeline_fits_the_screen_and_cuts_no_word_off(width: int) -> None:
    text = shown(told(), width)

    assert all(cell_len(line) <= width for line in text.splitlines())
    assert "…" not in text


def test_a_timeline_needs_no_colour() -> None:
    assert "\x1b" not in shown(told())


def test_every_event_stands_with_topic_partition_and_offset() -> None:
    text = shown(told(), 140)

    for record in a_chapter().records:
        assert record.type in text
    assert "decision-made, review.cases partition 3 offset 4" in text
    assert "notify.messages partition 3 offset 5" in text


def test_a_timeline_ends_with_the_reason_of_the_due_date_and_the_words_that_were_sent() -> None:
    text = shown(told(), 160)

    assert "The decision is due by Fri 16 Oct 2026." in text
    assert "19900001234" in text
    assert "可在“我的申请”查看进度。" in text
    assert "Ended as told in 3.2 s: approved." in text


def test_a_story_that_went_otherwise_says_so() -> None:
    text = shown(Told(FIRST, [], 60.0, "waited 60 s in vain until its case was opened"))

    assert "NOT AS TOLD after 60.0 s: waited 60 s in vain until its case was opened" in text


def test_a_program_reads_one_object_for_each_story() -> None:
    chapter = a_chapter()

    line = as_line(Told(FIRST, [chapter], 3.219))

    assert line == {
        "story": "hypertension-panzhihua",
        "application_id": str(chapter.receipt.application_id),
        "acceptance_no": chapter.receipt.acceptance_no,
        "events": [
            "application-submitted",
            "case-opened",
            "application-accepted",
            "review-forwarded",
            "decision-made",
        ],
        "messages": [
            {"channel": "sms", "template": "accepted", "state": "delivered"},
            {"channel": "in_app", "template": "accepted", "state": "sent"},
        ],
        "due_on": "2026-10-16",
        "outcome": "approved",
        "seconds": 3.22,
    }


def test_the_second_application_of_a_story_stands_inside_the_first() -> None:
    again = a_chapter()

    line = as_line(Told(THIRD, [a_chapter(), again], 4.0))

    assert line["outcome"] == "rejected, then re-applied"
    assert line["reapplied"]["application_id"] == str(again.receipt.application_id)


def test_a_program_reads_of_a_story_that_never_began() -> None:
    line = as_line(Told(SECOND, [], 1.0, "the stack did not answer"))

    assert (line["application_id"], line["events"]) == (None, [])
    assert line["outcome"] == "not as told: the stack did not answer"


def test_a_story_with_an_event_too_few_did_not_end_as_told() -> None:
    chapter = a_chapter(records=a_chapter().records[:4])

    assert differences(FIRST, [a_chapter()]) is None
    assert "the events were application-submitted" in (differences(FIRST, [chapter]) or "")


def test_a_story_whose_message_did_not_arrive_did_not_end_as_told() -> None:
    lost = [{"channel": "sms", "template": "approved", "state": "sent"}]

    assert differences(FIRST, [a_chapter(messages=lost)]) == "the message approved (sms) is sent"


def test_a_rejection_tells_reasons_and_remedy() -> None:
    chapter = a_chapter()
    event = DecisionMade(
        application_id=uuid4(),
        occurred_at=NOON,
        **SUBJECT,
        outcome=Outcome.REJECTED,
        decided_by="panzhihua-final-2",
        first_reviewer="panzhihua-first-2",
        policy_version=1,
        reasons=[ListedGround(code="RECORD_TOO_OLD", text="病历资料超过规定期限")],
        remedy="可申请行政复议。",
    )

    deed = tell(a_record(event), chapter)

    assert deed.who == "攀枝花终审员乙, final reviewer"
    assert deed.what == "REJECTS it: 病历资料超过规定期限 (RECORD_TOO_OLD). 可申请行政复议。"


def test_an_opinion_is_told_of_and_not_told() -> None:
    told_of = {record.type: tell(record, a_chapter()).what for record in a_chapter().records}

    assert (
        told_of["review-forwarded"]
        == "hands it on to final review, with an opinion that is sealed on the bus"
    )
    assert told_of["decision-made"] == "APPROVES it, with an opinion that is sealed on the bus"


def test_a_request_tells_what_is_missing_and_that_the_clock_stands_still() -> None:
    event = MaterialRequested(
        application_id=uuid4(),
        occurred_at=NOON,
        **SUBJECT,
        requested_by="shangrao-first-1",
        stage=Stage.FIRST,
        round=1,
        kinds=["physician_opinion", "test_report"],
        answer_due_on=NOON.date(),
        clock_paused_on=NOON.date(),
    )

    deed = tell(a_record(event), a_chapter())

    assert deed.who == "上饶初审员甲, first reviewer"
    assert "the clock stands still meanwhile: physician opinion, test report" in deed.what


def test_a_deadline_is_explained_by_the_days_that_did_not_count() -> None:
    assert explain(an_account()) == (
        "Working day 15 after Fri 18 Sep 2026 is the last. "
        "These days did not count: Sat 19 Sep (weekend), Fri 25 Sep – Sat 26 Sep (holiday 中秋节), "
        "Sun 27 Sep (weekend). "
        "Weekend days that were worked and count: Sun 20 Sep 2026."
    )


def test_a_deadline_that_may_move_says_so() -> None:
    account = an_account(provisional=True, missing_years=[2027])

    assert explain(account).endswith("The holidays of 2027 are not announced yet, so the day may move.")


@pytest.mark.parametrize(
    ("words", "width", "lines"),
    [
        ("申请已受理，将于今日办结。", 12, ["申请已受理，", "将于今日办", "结。"]),
        ("two words", 5, ["two", "words"]),
        ("尾号PSJZ已受理", 8, ["尾号PSJZ", "已受理"]),
        ("在（我的）里", 4, ["在", "（我", "的）", "里"]),
        ("", 10, [""]),
    ],
)
def test_chinese_breaks_anywhere_but_before_a_closing_mark(words: str, width: int, lines: list[str]) -> None:
    assert list(wrap(words, width)) == lines
