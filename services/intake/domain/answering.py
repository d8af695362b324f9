"""What an applicant may still do with an application: supply what was asked for, or take it back."""

import hmac
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256

from services.intake.domain.defects import defect
from services.intake.domain.following import Application, Status
from services.intake.domain.papers import facts_of
from services.intake.domain.rulebook import PHYSICIAN_OPINION
from shared.contracts.applications import (
    ApplicationWithdrawn,
    MaterialSupplied,
    Paper,
    SuppliedPrivate,
    WithdrawnPrivate,
    paper_private,
)
from shared.contracts.base import ApplicationEvent
from shared.contracts.submissions import Defect, Material, PhysicianOpinion
from shared.errors import Refused


@dataclass(frozen=True, slots=True)
class Supplement:
    """Papers that answer a request."""

    materials: tuple[Material, ...]
    physician_opinion: PhysicianOpinion | None = None

    def kinds(self) -> set[str]:
        """The kinds of paper that this answers."""
        signed = {PHYSICIAN_OPINION} if self.physician_opinion else set()
        return signed | {material.kind for material in self.materials}

    def fingerprint(self, lookup_key: bytes) -> str:
        """Tell one supplement from another, so that a repeat is recognised (HMAC-SHA256, hex)."""
        said = SuppliedPrivate(
            papers=[paper_private(m) for m in self.materials], physician_opinion=self.physician_opinion
        )
        facts = "\n".join(paper.model_dump_json() for paper in facts_of(lookup_key, self.materials))
        return hmac.digest(lookup_key, f"{facts}\n{said.model_dump_json()}".encode(), sha256).hex()


def require_reach(application: Application | None, channel: str, serves: Collection[str]) -> Application:
    """Let a channel reach what it submitted and what belongs to a region it serves.

    Anything else is refused as if it were not there: `application-unknown` (404).
    """
    if application is None or (application.channel != channel and application.region not in serves):
        raise Refused("application-unknown", "there is no application of that number here", status=404)
    return application


def supply_material(
    application: Application,
    supplement: Supplement,
    defects: Sequence[Defect],
    lookup_key: bytes,
    now: datetime,
) -> list[ApplicationEvent]:
    """Hand in what was asked for (T15); the same papers again change nothing.

    Raises Refused `supplement-not-asked`, or `supplement-invalid` with every defect.
    """
    fingerprint = supplement.fingerprint(lookup_key)
    if application.status is not Status.PENDING_SUPPLEMENT:
        require_repeat(application, fingerprint)
        return []
    if not supplement.kinds():
        defects = [*defects, defect("nothing-supplied", "materials")]
    if defects:
        told = "the supplement has defects; all are listed"
        raise Refused("supplement-invalid", told, status=422, defects=[d.model_dump() for d in defects])
    facts = facts_of(lookup_key, supplement.materials)
    return [_supplied(application, supplement, facts, fingerprint, now)]


def withdraw(application: Application, reason: str | None, now: datetime) -> list[ApplicationEvent]:
    """Take the application back before a decision (T24); a second time changes nothing.

    Raises Refused `already-decided`.
    """
    if application.status is Status.WITHDRAWN:
        return []
    if application.ended_at is not None:
        raise Refused("already-decided", "a decision was made; it can be appealed, not withdrawn")
    private = WithdrawnPrivate(reason=reason) if reason else None
    return [
        ApplicationWithdrawn(
            application_id=application.application_id,
            occurred_at=now,
            followed=application.followed,
            private=private,
        )
    ]


def still_missing(asked: Collection[str], supplement: Supplement) -> list[str]:
    """Name the kinds that were asked for and are not among the papers supplied."""
    return sorted(set(asked) - supplement.kinds())


def require_repeat(application: Application, fingerprint: str) -> None:
    """Let only the papers that were supplied before come again."""
    if application.answered != fingerprint:
        raise Refused("supplement-not-asked", "nothing is being asked for at the moment")


def _supplied(
    application: Application, supplement: Supplement, facts: list[Paper], fingerprint: str, now: datetime
) -> MaterialSupplied:
    return MaterialSupplied(
        application_id=application.application_id,
        occurred_at=now,
        round=application.round,
        materials=facts,
        with_opinion=supplement.physician_opinion is not None,
        fingerprint=fingerprint,
        followed=application.followed,
        private=SuppliedPrivate(
            papers=[paper_private(material) for material in supplement.materials],
            physician_opinion=supplement.physician_opinion,
        ),
    )
