"""What persons and staff are shown: an inbox in words, and the ledger of an application."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from services.notify.actions import opening
from services.notify.actions.opening import Vault
from services.notify.domain.announcing import IN_APP, Recipient, RegionRules
from services.notify.store import reading as store
from services.notify.templates import InboxText, Language, Subject, inbox_text
from shared.contracts.base import ERASED
from shared.errors import Refused
from shared.masks import masked_phone
from shared.postgres import Database


@dataclass(frozen=True, slots=True)
class InboxAsk:
    """Whose inbox, in which language, and which page: the one after the message `before`."""

    person_id: UUID
    language: Language
    before: UUID | None
    most: int


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


async def read_inbox(vault: Vault, ask: InboxAsk, now: datetime) -> Inbox:
    """Read a page of a person's inbox, opened, in the words of the rules in force now."""
    database = vault.database
    rows = await store.read_inbox(database, ask.person_id, ask.before, ask.most)
    rules = await store.rules_by_region(database, {row.region for row in rows}, now)
    found = await opening.find_keys(database, vault, rows)
    return Inbox(
        await store.count_unread(database, ask.person_id),
        [
            InboxMessage(row, _in_words(row, row.acceptance_no, rules[row.region], found, ask.language))
            for row in rows
        ],
    )


def _in_words(
    row: store.MessageRow, acceptance_no: str, rules: RegionRules, found: opening.Keys, language: Language
) -> InboxText:
    subject = Subject(row.details, acceptance_no, rules, opening.words(row, found))
    return inbox_text(row.template, row.template_version, subject, language)


async def mark_read(database: Database, message_id: UUID, person_id: UUID, now: datetime) -> datetime:
    """Set the read mark of a person's own message once; Refused `message-unknown` (404) for any other."""
    read_at = await store.mark_read(database, message_id, person_id, now)
    if read_at is None:
        raise Refused("message-unknown", "there is no such message in this inbox", status=404)
    return read_at


async def read_ledger(vault: Vault, application_id: UUID, areas: Collection[str], now: datetime) -> Ledger:
    """Read every message of an application of the caller's areas, opened.

    Refused `application-unknown` (404), or `region-outside-scope` (403) for another area.
    """
    database = vault.database
    recipient = await store.read_recipient(database, application_id)
    if recipient is None:
        raise Refused("application-unknown", "no application of this id is known here", status=404)
    rules = (await store.rules_by_region(database, [recipient.region], now)).get(recipient.region)
    if rules is None or rules.division not in areas:
        raise Refused("region-outside-scope", "you do not work for that area", status=403)
    rows = await store.read_ledger(database, application_id)
    found = await opening.find_keys(database, vault, [recipient, *rows])
    number = recipient.acceptance_no
    messages = [
        replace(row, text=_in_words(row, number, rules, found, Language.ZH).body)
        if row.channel is IN_APP
        else row
        for row in rows
    ]
    return Ledger(number, _masked(recipient, found), messages)


def _masked(recipient: Recipient, found: opening.Keys) -> str:
    phone = opening.phone_number(recipient, found)
    return ERASED if phone is None else masked_phone(phone)
