"""The three stories: what the applicant, the channel and the staff do, and how each must end."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

import httpx
from aiokafka.errors import KafkaError

from deploy.demo import dossiers
from deploy.demo.applying import SETTLED, Application, Chapter, apply, apply_by_bus
from deploy.demo.clients import NotAsTold
from deploy.demo.dossiers import Wish
from deploy.demo.world import World
from shared.contracts.applications import ApplicationSubmitted
from shared.contracts.cases import DecisionMade
from shared.contracts.submissions import ApplicantClass

FRESH, OLD = 30, 240
"""Days: the age of a record that is taken, and of one that is older than six months."""

TOO_OLD = "RECORD_TOO_OLD"
OPENED = ("application-submitted", "case-opened")
TO_ACCEPTANCE = (*OPENED, "application-accepted")
ASKED = ("material-requested", "material-supplied", "review-resumed")
FORWARDED, OPINION, DECIDED = "review-forwarded", "expert-opinion-given", "decision-made"


@dataclass(frozen=True, slots=True)
class Story:
    """A story: its name, what it is about, its acts, and how it ends."""

    name: str
    title: str
    tell: Callable[[World], Awaitable[list[Chapter]]]
    outcome: str
    events: tuple[tuple[str, ...], ...]
    """For each application of the story the types of its events in order."""


@dataclass(frozen=True, slots=True)
class Told:
    """A story as it went; `problem` says in a sentence what went otherwise."""

    story: Story
    chapters: list[Chapter] = field(default_factory=list)
    seconds: float = 0.0
    problem: str | None = None


async def tell(story: Story, world: World) -> Told:
    """Live through a story; whatever goes wrong in it is told and not raised."""
    begun = time.monotonic()
    try:
        chapters = await story.tell(world)
    except (NotAsTold, httpx.HTTPError, KafkaError) as error:
        problem = str(error) or type(error).__name__
        return Told(story, seconds=time.monotonic() - begun, problem=problem)
    return Told(story, chapters, time.monotonic() - begun, differences(story, chapters))


def differences(story: Story, chapters: list[Chapter]) -> str | None:
    """Say what differs from the story; None when it ended as told."""
    for chapter, expected in zip(chapters, story.events, strict=True):
        if chapter.types != list(expected):
            return f"the events were {', '.join(chapter.types)}"
        for message in chapter.messages:
            if message["state"] != SETTLED[message["channel"]]:
                return f"the message {message['template']} ({message['channel']}) is {message['state']}"
    return None


async def hypertension_panzhihua(world: World) -> list[Chapter]:
    """An employee applies from the city's mini-program; two persons look at it, the second approves."""
    wish = Wish(world.someone(), "panzhihua", "PZH-001", "高血压", ApplicantClass.EMPLOYEE)
    papers = dossiers.panzhihua_papers(wish.figure, world.today(), FRESH)
    application = await apply(world, "panzhihua_miniprogram", wish, papers)
    await application.compare_id("acceptance", "与申请表上的身份证号码核对")
    await application.act("acceptance", "accept")
    await application.act(
        "first-1", "forward", {"to_stage": "final", "opinion": "材料齐全，符合认定标准，建议通过。"}
    )
    await application.explain_deadline("final-1")
    await application.act("final-1", "decision", {"outcome": "approved", "opinion": "同意初审意见。"})
    return [await application.close("approved", ("submitted", "accepted", "approved"))]


async def missing_opinion_shangrao(world: World) -> list[Chapter]:
    """A resident applies by the bus without the physician's opinion, supplies it, and two experts agree."""
    wish = Wish(world.someone(), "shangrao", "SRG-016", "糖尿病伴有并发症", ApplicantClass.RESIDENT)
    today = world.today()
    papers = dossiers.shangrao_papers(wish.figure, today)
    application = await apply_by_bus(world, "ganfutong", wish, papers)
    await application.act("acceptance", "accept")
    missing = "请补充由诊断科室副主任医师及以上职称医师签字的认定意见（须加盖医院公章）。"
    await application.act(
        "first-1", "material-requests", {"items": [{"kind": "physician_opinion", "detail": missing}]}
    )
    await application.until_shown("pending_supplement")
    opinion = dossiers.physician_opinion(today).model_dump(mode="json")
    await application.supply([dossiers.opinion_page(wish.figure, today)], opinion)
    await _past_the_experts(application)
    await application.explain_deadline("final-1")
    await application.act("final-1", "decision", {"outcome": "approved", "opinion": "同意专家评审意见。"})
    told = ("submitted", "accepted", "material_requested", "approved")
    return [await application.close("approved", told)]


async def old_record_panzhihua(world: World) -> list[Chapter]:
    """A record older than six months is rejected with reason and remedy; with a new one it is tried again."""
    wish = Wish(world.someone(), "panzhihua", "PZH-001", "高血压", ApplicantClass.EMPLOYEE)
    rejected = await _rejected_for_age(world, wish)
    papers = dossiers.panzhihua_papers(wish.figure, world.today(), FRESH)
    number = rejected.receipt.acceptance_no
    again = await apply(world, "sichuan_app", wish, papers, previous=number)
    await again.act("acceptance", "accept")
    await again.explain_deadline("first-1")
    taken_again = await again.close("accepted", ("submitted", "accepted"))
    _require_link(taken_again, rejected)
    return [rejected, taken_again]


async def _past_the_experts(application: Application) -> None:
    """First reviewer to experts, two opinions that agree, on to the final reviewer."""
    await application.act(
        "first-1", "forward", {"to_stage": "expert", "opinion": "材料已补齐，提请专家评审。"}
    )
    for expert in ("expert-1", "expert-2"):
        given = {"recommendation": "approve", "opinion": "诊断明确，并发症证据充分，建议通过。"}
        await application.act(expert, "opinions", given)
    await application.act(
        "expert-2", "forward", {"to_stage": "final", "opinion": "两位专家意见一致：建议通过。"}
    )


async def _rejected_for_age(world: World, wish: Wish) -> Chapter:
    papers = dossiers.panzhihua_papers(wish.figure, world.today(), OLD)
    application = await apply(world, "sichuan_app", wish, papers)
    await application.act("acceptance", "accept")
    await application.act(
        "first-2", "forward", {"to_stage": "final", "opinion": "门诊病历超过六个月，建议不予通过。"}
    )
    await application.explain_deadline("final-2")
    seen_on = world.today() - timedelta(days=OLD)
    detail = f"门诊病历日期为{seen_on:%Y-%m-%d}，超过近6个月的要求，请提供近6个月内的病历。"
    reasons = [{"code": TOO_OLD, "detail": detail}]
    await application.act(
        "final-2",
        "decision",
        {"outcome": "rejected", "reasons": reasons, "opinion": "同意初审意见，不予通过。"},
    )
    rejected = await application.close("rejected", ("submitted", "accepted", "rejected"))
    _require_reason_and_remedy(rejected)
    return rejected


def _require_reason_and_remedy(chapter: Chapter) -> None:
    for record in chapter.records:
        if isinstance(record.event, DecisionMade):
            codes = [reason.code for reason in record.event.reasons]
            if codes != [TOO_OLD] or not record.event.remedy:
                raise NotAsTold(f"the rejection names {codes} and the remedy {record.event.remedy}")


def _require_link(chapter: Chapter, earlier: Chapter) -> None:
    for record in chapter.records:
        if isinstance(record.event, ApplicationSubmitted):
            named = record.event.previous_application_id
            if named != earlier.receipt.application_id:
                raise NotAsTold(f"the new application names {named} as the rejected one")


STORIES: Mapping[str, Story] = {
    story.name: story
    for story in (
        Story(
            "hypertension-panzhihua",
            "An employee in Panzhihua applies for hypertension from the city's mini-program",
            hypertension_panzhihua,
            "approved",
            ((*TO_ACCEPTANCE, FORWARDED, DECIDED),),
        ),
        Story(
            "missing-opinion-shangrao",
            "A resident of Shangrao applies by the bus; the physician's opinion is missing at first",
            missing_opinion_shangrao,
            "approved",
            ((*TO_ACCEPTANCE, *ASKED, FORWARDED, OPINION, OPINION, FORWARDED, DECIDED),),
        ),
        Story(
            "old-record-panzhihua",
            "A record in Panzhihua is older than six months: rejected, then applied for again",
            old_record_panzhihua,
            "rejected, then re-applied",
            ((*TO_ACCEPTANCE, FORWARDED, DECIDED), TO_ACCEPTANCE),
        ),
    )
}
