"""What persons and staff are shown: an inbox in words, and the ledger of an application."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.notify.domain.announcing import IN_APP, RegionRules
from services.notify.domain.withholding import mask_phone
from services.notify.store import reading as store
from services.notify.templates import InboxText, Language, Subject, inbox_text
from shared.errors import Refused
from shared.postgres import Database


@dataclass(frozen=True, slots=True)
class InboxMessage:
    """A message of one person with its words."""

    row: store.InboxRow
    text: InboxText


@dataclass(frozen=True, slots=True)
class Inbox:
    """A page of an inbox, newest first, and how many of all its messages are unread."""

    unread: int
    messages: list[InboxMessage]


@dataclass(frozen=True, slots=True)
class Ledger:
    """Every message of an application as it is kept; the phone is masked, inbox messages are in words."""

    acceptance_no: str
    phone: str
    messages: list[store.LedgerRow]


async def read_inbox(
    database: Database, person_id: UUID, language: Language, before: UUID | None, most: int
) -> Inbox:
    """Read a page of a person's inbox from the message that follows `before`."""
    rows = await store.read_inbox(database, person_id, before, most)
    rules = await store.rules_by_region(database, {row.region for row in rows})
    return Inbox(
        await store.count_unread(database, person_id),
        [InboxMessage(row, _words(row, rules[row.region], language)) for row in rows],
    )


def _words(row: store.InboxRow, rules: RegionRules, language: Language) -> InboxText:
    return inbox_text(
        row.template, row.template_version, Subject(row.details, row.acceptance_no, rules), language
    )


async def mark_read(database: Database, message_id: UUID, person_id: UUID, now: datetime) -> datetime:
    """Set the read mark of a person's own message once; Refused `message-unknown` (404) for any other."""
    read_at = await store.mark_read(database, message_id, person_id, now)
    if read_at is None:
        raise Refused("message-unknown", "there is no such message in this inbox", status=404)
    return read_at


async def read_ledger(database: Database, application_id: UUID, areas: Collection[str]) -> Ledger:
    """Read every message of an application of the caller's areas.

    Refused `application-unknown` (404), or `region-outside-scope` (403) for another area.
    """
    recipient = await store.read_recipient(database, application_id)
    if recipient is None:
        raise Refused("application-unknown", "no application of this id is known here", status=404)
    rules = (await store.rules_by_region(database, [recipient.region])).get(recipient.region)
    if rules is None or rules.division not in areas:
        raise Refused("region-outside-scope", "you do not work for that area", status=403)
    rows = await store.read_ledger(database, application_id)
    number = recipient.acceptance_no
    return Ledger(number, mask_phone(recipient.phone), [_in_words(row, number, rules) for row in rows])


def _in_words(row: store.LedgerRow, acceptance_no: str, rules: RegionRules) -> store.LedgerRow:
    if row.channel is not IN_APP:
        return row
    subject = Subject(row.details, acceptance_no, rules)
    return replace(row, text=inbox_text(row.template, row.template_version, subject, Language.ZH).body)
