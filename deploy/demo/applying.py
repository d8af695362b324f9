"""One application on its way: handed in, acted on by the staff, and told about when it has come to rest."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from deploy.demo.bus import PATIENCE, Enough, Seen, has
from deploy.demo.clients import Answer, NotAsTold, Sender
from deploy.demo.dossiers import Wish, an_offer
from deploy.demo.papers import Paper
from deploy.demo.persons import Figure
from deploy.demo.world import World
from shared.contracts.applications import TOPIC as APPLICATIONS
from shared.contracts.cases import TOPIC as CASES
from shared.contracts.submissions import Receipt, SubmissionOffered, SubmissionReceived, SubmissionRefused

LOOK_SECONDS = 0.1
SETTLED = {"sms": "delivered", "in_app": "sent"}
"""By channel, the state in which a message has reached its person."""


@dataclass(frozen=True)
class Chapter:
    """An application as it was found at the end: on the bus, at the agency, on the phone, in the inbox."""

    figure: Figure
    sender: str
    receipt: Receipt
    records: list[Seen]
    deadline: Answer
    messages: list[Answer]
    texts: list[Answer]
    inbox: list[Answer]
    in_english: dict[str, str]
    status: str
    due_on: str

    @property
    def types(self) -> list[str]:
        """The types of its events in order, without those about messages."""
        return [record.type for record in self.records if record.topic in {APPLICATIONS, CASES}]


@dataclass
class Application:
    """An application that a channel has handed in."""

    world: World
    sender: Sender
    wish: Wish
    receipt: Receipt
    on_the_bus: list[Seen] = field(default_factory=list)
    deadline: Answer = field(default_factory=dict)

    @property
    def id(self) -> UUID:
        """The application's id, the key of its events."""
        return self.receipt.application_id

    async def act(self, post: str, act: str, body: Mapping[str, object] | None = None) -> Answer:
        """Let the member of staff at this post of the region claim the case and act on it."""
        return await self.world.office.act(f"{self.wish.region}-{post}", self.id, act, body)

    async def compare_id(self, post: str, reason: str) -> None:
        """Look at the masked case, then for a reason at the ID number in full; NotAsTold if it is not so."""
        who, office, figure = f"{self.wish.region}-{post}", self.world.office, self.wish.figure
        shown = await office.read(who, f"/api/review/cases/{self.id}")
        if figure.id_number in str(shown):
            raise NotAsTold("the case shows the ID number in full without a reason")
        seen = await office.unmask(who, self.id, ["id_number"], reason)
        if seen["shown"] != {"id_number": figure.id_number}:
            raise NotAsTold("another ID number is shown than the one that was handed in")

    async def supply(self, papers: list[Paper], opinion: Mapping[str, object]) -> None:
        """The applicant answers a request: uploads the papers and hands them in."""
        materials = await self.world.upload(self.sender, papers)
        shown = [material.model_dump(mode="json", exclude_none=True) for material in materials]
        await self.sender.supply(
            self.receipt.acceptance_no, {"materials": shown, "physician_opinion": opinion}
        )
        await self.until(has("review-resumed"), "review goes on")

    async def explain_deadline(self, post: str) -> None:
        """Ask for the account of the deadline while its clock runs."""
        target = f"/api/review/cases/{self.id}/deadline"
        self.deadline = await self.world.office.read(f"{self.wish.region}-{post}", target)

    async def until(self, enough: Enough, awaited: str) -> None:
        """Wait for records on the bus; NotAsTold names what was awaited in vain."""
        try:
            await self.world.bus.until(str(self.id), enough)
        except TimeoutError:
            raise NotAsTold(f"waited {PATIENCE:.0f} s in vain until {awaited}") from None

    async def until_shown(self, status: str) -> Answer:
        """Look as the applicant does until the application has this status; what was shown then."""
        shown: Answer = {}
        for _ in range(int(PATIENCE / LOOK_SECONDS)):
            shown = await self.sender.read(self.receipt.acceptance_no)
            if shown["status"] == status:
                return shown
            await asyncio.sleep(LOOK_SECONDS)
        raise NotAsTold(f"the applicant was shown {shown['status']} and not {status}")

    async def close(self, status: str, templates: Sequence[str]) -> Chapter:
        """Wait until the applicant sees the status and every message has arrived; gather what there is."""
        shown = await self.until_shown(status)
        await self.until(
            has(*["message-sent"] * 2 * len(templates), *["message-delivered"] * len(templates)),
            f"the messages {', '.join(templates)} arrived",
        )
        ledger = await self.world.office.read("operator", f"/api/notify/messages?application_id={self.id}")
        references = {message["message_id"] for message in ledger["messages"]}
        taken = await self.world.texts(self.wish.figure.phone)
        inbox = await self._inbox()
        return Chapter(
            figure=self.wish.figure,
            sender=self.sender.channel,
            receipt=self.receipt,
            records=sorted(
                [*self.on_the_bus, *self.world.bus.seen(str(self.id))], key=lambda record: record.at
            ),
            deadline=self.deadline,
            messages=ledger["messages"],
            texts=[text for text in taken if text["reference"] in references],
            inbox=inbox,
            in_english=await self._in_english(),
            status=status,
            due_on=shown["due_on"],
        )

    async def _inbox(self) -> list[Answer]:
        """The person reads the inbox and opens the newest message about this application."""
        person = self.receipt.person_id
        messages = [m for m in await self.world.inbox(self.sender, person) if self._is_about(m)]
        await self.world.mark_read(self.sender, person, messages[-1]["message_id"])
        return messages

    async def _in_english(self) -> dict[str, str]:
        messages = await self.world.inbox(self.sender, self.receipt.person_id, "en")
        return {message["template"]: message["text"] for message in messages if self._is_about(message)}

    def _is_about(self, message: Answer) -> bool:
        return bool(message["application_id"] == str(self.id))


async def apply(
    world: World, channel: str, wish: Wish, papers: list[Paper], previous: str | None = None
) -> Application:
    """Upload the papers and hand the application in by HTTP; wait until its case is open."""
    sender = world.sender(channel)
    offered = await fill_in(world, sender, wish, papers, previous)
    application = Application(world, sender, wish, await sender.submit(offered))
    await application.until(has("case-opened"), "its case was opened")
    return application


async def apply_by_bus(world: World, channel: str, wish: Wish, papers: list[Paper]) -> Application:
    """Upload the papers and hand the application in on the bus; wait for the receipt there."""
    sender = world.sender(channel)
    offered = await fill_in(world, sender, wish, papers)
    receipt, on_the_bus = await publish(world, sender, offered)
    application = Application(world, sender, wish, receipt, on_the_bus)
    await application.until(has("case-opened"), "its case was opened")
    return application


async def fill_in(
    world: World, sender: Sender, wish: Wish, papers: list[Paper], previous: str | None = None
) -> SubmissionOffered:
    """Read the notice, upload the papers, fill in the form."""
    notice = await world.notice(wish.region)
    return an_offer(wish, await world.upload(sender, papers), notice, previous)


async def publish(world: World, sender: Sender, offered: SubmissionOffered) -> tuple[Receipt, list[Seen]]:
    """Publish a sealed submission and wait for its answer; the receipt, and both records."""
    sealed_to = await world.get("/api/intake/submission-key")
    key, body, headers = sender.signed_record(offered, sealed_to)
    asked = await world.bus.publish(key, body, headers)
    try:
        (answer, *_) = await world.bus.until(f"{sender.channel}:{key}", lambda seen: len(seen) > 0)
    except TimeoutError:
        raise NotAsTold(f"waited {PATIENCE:.0f} s in vain for a receipt on the bus") from None
    match answer.event:
        case SubmissionReceived(receipt=receipt):
            return receipt, [asked, answer]
        case SubmissionRefused(code=code, detail=detail):
            raise NotAsTold(f"the submission was refused on the bus: {code} {detail}")
    raise NotAsTold(f"an answer of a type that nobody knows: {answer.type}")
