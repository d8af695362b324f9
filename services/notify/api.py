"""The HTTP API of notify: the inbox of a person, the receipts of the provider, the ledger for staff."""

import hashlib
import hmac
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from fastapi import APIRouter, Depends, FastAPI, Header, Query, Request, Response
from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

from services.notify.actions import reading
from services.notify.actions.opening import Vault
from services.notify.actions.reading import InboxAsk, InboxMessage
from services.notify.domain.delivering import Receipt
from services.notify.domain.message import State
from services.notify.templates import Language
from shared import edge
from shared.batching import Batcher
from shared.citizens import CitizenDoor
from shared.errors import Refused
from shared.looks import BY_CITIZEN, Look, recorded
from shared.signin import StaffDoor
from shared.visits import Reception, Visiting, get_looks

Printable = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[\x21-\x7e]+$")]


@dataclass(frozen=True, slots=True)
class Desk:
    """The parts that routes use; the composition root puts it into `app.state.desk`."""

    vault: Vault
    citizens: CitizenDoor
    staff: StaffDoor
    provider_secret: str
    receipts: Batcher[Receipt, None]
    now: Callable[[], datetime]


class InboxEntry(BaseModel):
    """A message in the inbox; `read_at` is empty until it is marked as read."""

    message_id: UUID
    application_id: UUID
    acceptance_no: str
    template: str
    title: str
    text: str
    occurred_at: datetime
    read_at: datetime | None


class InboxPage(BaseModel):
    """A page of an inbox, newest first; `next` goes into the parameter `before`, None after the last page."""

    unread: int
    messages: list[InboxEntry]
    next: UUID | None


class ReadMark(BaseModel):
    """When a message was first marked as read."""

    message_id: UUID
    read_at: datetime


class SmsReceipt(BaseModel):
    """What the provider reports about a text; fields that are not known here are passed over."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    reference: Printable
    provider_id: Printable | None = None
    state: Literal["delivered", "undelivered"]
    at: AwareDatetime


class Try(BaseModel):
    """One attempt to hand a text over; without an answer the worker ended in between."""

    attempt: int
    started_at: datetime
    ended_at: datetime | None
    answer: str | None
    detail: str | None


class ReceiptKept(BaseModel):
    """A receipt of the provider as it was kept."""

    state: str
    at: datetime
    received_at: datetime


class LedgerEntry(BaseModel):
    """A message with all that is known about its way; `text` of an SMS is empty until it is first tried."""

    model_config = ConfigDict(from_attributes=True)

    message_id: UUID
    event_id: UUID
    channel: str
    template: str
    template_version: int
    text: str | None
    segments: int | None
    state: State
    reason: str | None
    unclear: bool
    attempts: int
    tries: list[Try]
    receipts: list[ReceiptKept]
    provider_id: str | None
    occurred_at: datetime
    created_at: datetime
    due_at: datetime | None
    sent_at: datetime | None
    settled_at: datetime | None
    read_at: datetime | None


class LedgerPage(BaseModel):
    """The ledger of one application, oldest message first."""

    application_id: UUID
    acceptance_no: str
    phone: str
    messages: list[LedgerEntry]


router = APIRouter(prefix="/api/notify", tags=["notify"])


def add_routes(app: FastAPI, desk: Desk) -> None:
    """Give an application the routes of notify."""
    app.state.desk = desk
    app.state.reception = Reception("notify", desk.vault.database, desk.staff, desk.now)
    app.include_router(router)


def _desk(request: Request) -> Desk:
    desk: Desk = request.app.state.desk
    return desk


At = Annotated[Desk, Depends(_desk)]


async def _person(
    request: Request, at: At, authorization: Annotated[str | None, Header()] = None
) -> AsyncIterator[tuple[UUID, Look]]:
    """Let a citizen in, and record what is shown, under the channel that vouches for them."""
    person_id, channel = at.citizens.citizen(authorization, at.now())
    look = Look(channel, [BY_CITIZEN], request.scope["route"].name, at.now(), person_id=person_id)
    async with recorded(at.vault.database, look):
        yield person_id, look


async def _receipt(
    request: Request, at: At, x_sms_signature: Annotated[str, Header(max_length=200)] = ""
) -> Receipt:
    """Admit the provider by its signature over the body, before the body is judged."""
    body = await request.body()
    expected = hmac.new(at.provider_secret.encode(), body, hashlib.sha256).hexdigest()
    if not hmac.compare_digest(expected.encode(), x_sms_signature.encode()):
        raise Refused("signature-invalid", "the signature does not belong to this body", status=401)
    receipt = edge.parse(SmsReceipt, body)
    return Receipt(receipt.reference, receipt.provider_id, State(receipt.state), receipt.at)


By = Annotated[tuple[UUID, Look], Depends(_person, scope="function")]


@router.get("/inbox")
async def get_inbox(
    by: By,
    at: At,
    before: Annotated[UUID | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    language: Annotated[Language, Query()] = Language.ZH,
) -> InboxPage:
    """Read the caller's inbox, newest first."""
    person_id, look = by
    inbox = await reading.read_inbox(at.vault, InboxAsk(person_id, language, before, limit), at.now())
    look.applications = sorted({message.row.application_id for message in inbox.messages})
    entries = [_inbox_entry(message) for message in inbox.messages]
    return InboxPage(
        unread=inbox.unread,
        messages=entries,
        next=entries[-1].message_id if len(entries) == limit else None,
    )


@router.post("/inbox/{message_id}/read")
async def post_read(message_id: UUID, by: By, at: At) -> ReadMark:
    """Mark a message of the caller's own inbox as read; a second time changes nothing."""
    read_at = await reading.mark_read(at.vault.database, message_id, by[0], at.now())
    return ReadMark(message_id=message_id, read_at=read_at)


@router.post("/sms/receipts", status_code=202)
async def post_sms_receipt(receipt: Annotated[Receipt, Depends(_receipt)], at: At) -> Response:
    """Keep a receipt of the provider, whatever it refers to, and whenever and how often it comes."""
    await at.receipts.submit(receipt)
    return Response(status_code=202)


@router.get("/messages")
async def get_messages(visit: Visiting, at: At, application_id: UUID) -> LedgerPage:
    """Show every message of one application of the caller's areas with attempts and receipts."""
    ledger = await reading.read_ledger(at.vault, application_id, visit.staff.areas, at.now())
    return LedgerPage(
        application_id=application_id,
        acceptance_no=ledger.acceptance_no,
        phone=ledger.phone,
        messages=[LedgerEntry.model_validate(row) for row in ledger.messages],
    )


router.add_api_route("/looks", get_looks)


def _inbox_entry(message: InboxMessage) -> InboxEntry:
    row, text = message.row, message.text
    return InboxEntry(
        message_id=row.message_id,
        application_id=row.application_id,
        acceptance_no=row.acceptance_no,
        template=row.template,
        title=text.title,
        text=text.body,
        occurred_at=row.occurred_at,
        read_at=row.read_at,
    )
