"""Events with private parts: written in one breath, sealed under one key that every test may open."""

from typing import Any, TypeVar
from uuid import UUID

from joserfc.jwk import KeySet

from services.intake.store.person_keys import key_made
from shared.contracts.applications import (
    ApplicationSubmitted,
    ApplicationWithdrawn,
    MaterialSupplied,
    SubmittedPrivate,
    SuppliedPrivate,
    WithdrawnPrivate,
    paper,
    paper_private,
)
from shared.contracts.base import Private, SealedEvent
from shared.contracts.cases import (
    DecidedPrivate,
    DecisionMade,
    ListedGround,
    MaterialRequested,
    OpinionPrivate,
    RequestedPrivate,
)
from shared.key_service import MasterKey, MasterKeys
from shared.outbox import body
from shared.person_keys import Made, PersonKeys, keep, sealed
from shared.postgres import Database
from shared.sealed_submissions import SubmissionKeys, fresh_key
from shared.sealing import Algorithm, DataKey
from tests.support.times import NOON

E = TypeVar("E", bound=SealedEvent)

KEY = DataKey(UUID(int=7), Algorithm.A256GCM, bytes(range(32)))
PERSON = UUID(int=77)
MASTER_KEYS = [MasterKey("tests", bytes(range(1, 33)))]
MASTERS = MasterKeys(MASTER_KEYS, Algorithm.A256GCM)
KEYS = PersonKeys(MASTERS, Algorithm.A256GCM)
SUBMISSION_KEYS = SubmissionKeys(KeySet.import_key_set({"keys": [fresh_key("tests")]}))


async def know_the_key(database: Database, masters: MasterKeys = MASTERS) -> None:
    """Let a service open what `told` seals."""
    (wrapped,) = await masters.wrap([KEY])
    async with database.transaction() as tx:
        await keep(tx, [key_made(Made(PERSON, KEY, wrapped), NOON)])


def told(kind: type[E], **fields: Any) -> E:
    """An event from all its fields at once, the private ones among them, sealed."""
    private = _private(kind, fields)
    return sealed(kind(**fields, private=private), KEY)


def as_read(event: E) -> E:
    """The event as a reader gets it: its private part sealed."""
    return type(event).read(body(event) or b"")


def _private(kind: type[SealedEvent], fields: dict[str, Any]) -> Private | None:
    if kind is ApplicationSubmitted or kind is MaterialSupplied:
        materials = fields.pop("materials", [])
        fields["materials"] = [paper(material, "d" * 64) for material in materials]
        parts = {
            "papers": [paper_private(material) for material in materials],
            "physician_opinion": fields.pop("physician_opinion", None),
        }
        if kind is ApplicationSubmitted:
            parts |= {"applicant": fields.pop("applicant"), "agent": fields.pop("agent", None)}
            return SubmittedPrivate(**parts)
        fields.setdefault("fingerprint", "f" * 64)
        fields["with_opinion"] = parts["physician_opinion"] is not None
        return SuppliedPrivate(**parts)
    if kind is ApplicationWithdrawn:
        reason = fields.pop("reason", None)
        return WithdrawnPrivate(reason=reason) if reason else None
    if kind is MaterialRequested:
        items = fields.pop("items")
        fields["kinds"] = [item.kind for item in items]
        return RequestedPrivate(details=[item.detail for item in items])
    if kind is DecisionMade:
        reasons = fields.pop("reasons", [])
        fields["reasons"] = [ListedGround(code=reason.code, text=reason.text) for reason in reasons]
        return DecidedPrivate(opinion=fields.pop("opinion"), details=[reason.detail for reason in reasons])
    return OpinionPrivate(opinion=fields.pop("opinion"))
