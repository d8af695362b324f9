"""What an applicant may still do with an application: supply what was asked for, or take it back."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.intake.domain.defects import defect
from services.intake.domain.following import Application, Status, supplement_digest
from services.intake.domain.rulebook import PHYSICIAN_OPINION
from shared.contracts.applications import ApplicationWithdrawn, MaterialSupplied
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


def require_reach(application: Application | None, channel: str, serves: Collection[str]) -> Application:
    """Let a channel reach what it submitted and what belongs to a region it serves.

    Anything else is refused as if it were not there: `application-unknown` (404).
    """
    if application is None or (application.channel != channel and application.region not in serves):
        raise Refused("application-unknown", "there is no application of that number here", status=404)
    return application


def supply_material(
    application: Application, supplement: Supplement, defects: Sequence[Defect], now: datetime
) -> list[ApplicationEvent]:
    """Hand in what was asked for (T15); the same papers again change nothing.

    Raises Refused `supplement-not-asked`, or `supplement-invalid` with every defect.
    """
    event = MaterialSupplied(
        application_id=application.application_id,
        occurred_at=now,
        round=application.round,
        materials=list(supplement.materials),
        physician_opinion=supplement.physician_opinion,
    )
    if application.status is not Status.PENDING_SUPPLEMENT:
        require_repeat(application, event)
        return []
    if not supplement.kinds():
        defects = [*defects, defect("nothing-supplied", "materials")]
    if defects:
        told = "the supplement has defects; all are listed"
        raise Refused("supplement-invalid", told, status=422, defects=[d.model_dump() for d in defects])
    return [event]


def withdraw(application: Application, reason: str | None, now: datetime) -> list[ApplicationEvent]:
    """Take the application back before a decision (T24); a second time changes nothing.

    Raises Refused `already-decided`.
    """
    if application.status is Status.WITHDRAWN:
        return []
    if application.ended_at is not None:
        raise Refused("already-decided", "a decision was made; it can be appealed, not withdrawn")
    return [ApplicationWithdrawn(application_id=application.application_id, occurred_at=now, reason=reason)]


def still_missing(asked: Collection[str], supplement: Supplement) -> list[str]:
    """Name the kinds that were asked for and are not among the papers supplied."""
    return sorted(set(asked) - supplement.kinds())


def require_repeat(application: Application, event: MaterialSupplied) -> None:
    """Let only the papers that were supplied before come again."""
    if application.answered != supplement_digest(event):
        raise Refused("supplement-not-asked", "nothing is being asked for at the moment")
