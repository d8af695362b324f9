"""What is opened of the sealed parts of events: a phone number to send to, words to show."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

from services.notify.domain.announcing import EVENTS, Recipient, Template
from services.notify.store.reading import MessageRow
from shared.contracts.applications import SubmittedPrivate
from shared.contracts.base import Private
from shared.contracts.cases import DecidedPrivate, RequestedPrivate
from shared.person_keys import PersonKeys
from shared.postgres import Database, Tx
from shared.sealing import DataKey, unseal_json

Keys = Mapping[UUID, DataKey]
P = TypeVar("P", bound=Private)

_IN_WORDS: Mapping[Template, type[RequestedPrivate] | type[DecidedPrivate]] = {
    Template.MATERIAL_REQUESTED: RequestedPrivate,
    Template.REJECTED: DecidedPrivate,
}


@dataclass(frozen=True, slots=True)
class Vault:
    """The database, and what opens the sealed parts that are in it."""

    database: Database
    keys: PersonKeys


async def find_keys(source: Tx | Database, vault: Vault, sealed: Iterable[Recipient | MessageRow]) -> Keys:
    """Find the keys of all that is to be opened, in one look; one that is not here is missing."""
    return await vault.keys.find(source, {one.key_id for one in sealed if one.key_id and one.sealed})


def phone_number(recipient: Recipient, keys: Keys) -> str | None:
    """Open the phone number of a person; None where nobody can read it.

    Raises Unsealable, or Unreadable, for what does not open with its key.
    """
    context = _context(Template.SUBMITTED, recipient.application_id)
    said = _opened(recipient, keys, context, SubmittedPrivate)
    return said.applicant.phone if said else None


def words(row: MessageRow, keys: Keys) -> Sequence[str]:
    """Open what a message tells in words, for each kind or reason; nothing where nobody can read it.

    Raises Unsealable, or Unreadable, for what does not open with its key.
    """
    kind = _IN_WORDS.get(row.template)
    if kind is None:
        return ()
    said = _opened(row, keys, _context(row.template, row.application_id), kind)
    return said.details if said else ()


def _context(template: Template, application_id: UUID) -> bytes:
    return f"{EVENTS[template]}/{application_id}".encode()


def _opened(one: Recipient | MessageRow, keys: Keys, context: bytes, kind: type[P]) -> P | None:
    key = keys.get(one.key_id) if one.key_id else None
    return unseal_json(key, one.sealed, context, kind) if key and one.sealed else None
