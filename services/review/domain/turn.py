"""Everything an officer's act is judged by, and the checks that every act begins with."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import TypedDict
from uuid import UUID

from services.review.domain.case import Case
from services.review.domain.claiming import Claim, Holder, require_claim, require_region, require_seat
from services.review.domain.dossier import Dossier
from services.review.domain.rules import Rules
from shared.calendar import Calendar
from shared.contracts.cases import Stage
from shared.errors import Refused


@dataclass(frozen=True, slots=True)
class CaseFile:
    """A case with its claim, what intake told, and the rules and calendar that bind it."""

    case: Case
    claim: Claim
    dossier: Dossier
    rules: Rules
    calendar: Calendar


class Subject(TypedDict):
    """The fields that every event about a case carries."""

    application_id: UUID
    acceptance_no: str
    region: str
    occurred_at: datetime


def require_turn(file: CaseFile, holder: Holder, stages: Collection[Stage], now: datetime) -> None:
    """Refuse unless the act belongs to the stage and the officer has the scope, the role and the claim."""
    require_region(file.rules, holder.officer)
    if not file.case.ended and file.case.stage not in stages:
        fitting = ", ".join(sorted(stages))
        raise Refused("wrong-stage", f"the case is at the stage {file.case.stage}; this belongs to {fitting}")
    require_seat(file.case, holder.officer)
    require_claim(file.claim, holder, now)


def subject(case: Case, now: datetime) -> Subject:
    """Give the common fields of an event that happens to a case now."""
    return Subject(
        application_id=case.application_id,
        acceptance_no=case.acceptance_no,
        region=case.region,
        occurred_at=now,
    )
