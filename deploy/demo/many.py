"""Many applications at once: each is handed in, accepted, reviewed and decided, and its person told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterable, Iterator, Mapping

import httpx
from aiokafka.errors import KafkaError

from deploy.demo import dossiers
from deploy.demo.applying import publish
from deploy.demo.bus import has
from deploy.demo.clients import NotAsTold, utc_now
from deploy.demo.dossiers import Wish, an_offer
from deploy.demo.persons import a_figure
from deploy.demo.tally import MESSAGES, Life, Plan
from deploy.demo.world import World
from shared.contracts.submissions import ApplicantClass, Material, NoticeRead, Receipt

IN_FLIGHT = 64
REGIONS = ("panzhihua", "shangrao", "panzhihua")
"""Two of three applications come from Panzhihua."""

CHANNELS: Mapping[str, tuple[str, ...]] = {
    "panzhihua": ("panzhihua_miniprogram", "sichuan_app", "national_app", "panzhihua_window"),
    "shangrao": ("ganfutong", "jiangxi_portal", "hospital_office", "agency_hall"),
}
DISEASES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "panzhihua": (("PZH-001", "高血压"), ("PZH-002", "糖尿病"), ("PZH-003", "恶性肿瘤")),
    "shangrao": (("SRG-012", "高血压伴有并发症"), ("SRG-013", "冠心病"), ("SRG-021", "脑卒中")),
}
CLASSES = (ApplicantClass.EMPLOYEE, ApplicantClass.RESIDENT, ApplicantClass.FLEXIBLE)
BY_BUS_EVERY, REJECTED_EVERY = 10, 8
OPINION = "材料齐全，符合认定标准。"
TOO_OLD = [{"code": "RECORD_TOO_OLD", "detail": "门诊病历超过六个月，请提供近六个月内的病历。"}]
POSTS = ("acceptance", "first-1", "first-2", "expert-1", "expert-2", "final-1", "final-2")


def plans(count: int, draw: Callable[[int], int]) -> Iterator[Plan]:
    """Plan so many applications: regions, channels, diseases, outcomes by turns; every tenth by the bus."""
    for number in range(count):
        region = REGIONS[number % len(REGIONS)]
        channels, diseases = CHANNELS[region], DISEASES[region]
        yield Plan(
            figure=a_figure(draw, number),
            region=region,
            channel=channels[number // len(REGIONS) % len(channels)],
            disease=diseases[number // 2 % len(diseases)],
            applicant_class=CLASSES[number % len(CLASSES)],
            by_bus=number % BY_BUS_EVERY == BY_BUS_EVERY - 1,
            approved=number % REJECTED_EVERY != REJECTED_EVERY - 1,
            desk=number % 2 + 1,
        )


class Throng:
    """All applications of one run: their common papers and notices, and what became of each."""

    def __init__(self, world: World) -> None:
        self.lives: list[Life] = []
        self._world = world
        self._papers: dict[str, list[Material]] = {}
        self._notices: dict[str, NoticeRead] = {}

    async def prepare(self) -> None:
        """Sign the staff in, show the notices, upload one set of papers for each region."""
        someone, today = self._world.someone(), self._world.today()
        papers = {
            "panzhihua": dossiers.panzhihua_papers(someone, today, 30),
            "shangrao": dossiers.shangrao_papers(someone, today),
        }
        for region, sheets in papers.items():
            sender = self._world.sender(CHANNELS[region][0])
            self._papers[region] = await self._world.upload(sender, sheets)
            self._notices[region] = await self._world.notice(region)
            for post in POSTS:
                await self._world.office.sign_in(f"{region}-{post}")

    async def send(self, planned: Iterable[Plan], ended: Callable[[Life], None]) -> float:
        """Live all applications through, so many at a time; the seconds from the first to the last."""
        waiting = iter(list(planned))
        begun = time.monotonic()

        async def work() -> None:
            for plan in waiting:
                life = await self._live(plan)
                self.lives.append(life)
                ended(life)

        async with asyncio.TaskGroup() as workers:
            for _ in range(IN_FLIGHT):
                workers.create_task(work())
        return time.monotonic() - begun

    async def _live(self, plan: Plan) -> Life:
        """One application from beginning to end; what goes wrong is noted and stops nobody else."""
        life = Life(plan, begun_at=utc_now())
        try:
            life.receipt = await self._submit(plan)
            key = str(life.receipt.application_id)
            await self._world.bus.until(key, has("case-opened"))
            await self._review(plan, life.receipt)
            await self._world.bus.until(key, has("decision-made", *["message-sent"] * len(MESSAGES)))
        except TimeoutError:
            life.problem = "an awaited event did not come"
        except (NotAsTold, httpx.HTTPError, KafkaError) as error:
            life.problem = str(error) or type(error).__name__
        return life

    async def _submit(self, plan: Plan) -> Receipt:
        sender = self._world.sender(plan.channel)
        wish = Wish(plan.figure, plan.region, *plan.disease, plan.applicant_class)
        opinion = dossiers.physician_opinion(self._world.today()) if plan.region == "shangrao" else None
        offered = an_offer(wish, self._papers[plan.region], self._notices[plan.region]).model_copy(
            update={"physician_opinion": opinion}
        )
        if not plan.by_bus:
            return await sender.submit(offered)
        receipt, _ = await publish(self._world, sender, offered)
        return receipt

    async def _review(self, plan: Plan, receipt: Receipt) -> None:
        for post, act, body in _acts(plan):
            await self._world.office.act(f"{plan.region}-{post}", receipt.application_id, act, body)


def _acts(plan: Plan) -> Iterator[tuple[str, str, dict[str, object] | None]]:
    """What the staff does with one application: post, act, body."""
    first, final = f"first-{plan.desk}", f"final-{plan.desk}"
    recommended = "approve" if plan.approved else "reject"
    advice: dict[str, object] = {"recommendation": recommended, "opinion": OPINION}
    yield "acceptance", "accept", None
    if plan.region == "shangrao":
        yield first, "forward", {"to_stage": "expert", "opinion": OPINION}
        yield "expert-1", "opinions", advice
        yield "expert-2", "opinions", advice
        yield "expert-2", "forward", {"to_stage": "final", "opinion": OPINION}
    else:
        yield first, "forward", {"to_stage": "final", "opinion": OPINION}
    outcome = {"outcome": "approved"} if plan.approved else {"outcome": "rejected", "reasons": TOO_OLD}
    yield final, "decision", {**outcome, "opinion": OPINION}
