"""A second person decides, with reasons and remedy where the answer is no (T21, T23, N-08)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from services.review.domain.case import Case, clock_day
from services.review.domain.claiming import Holder
from services.review.domain.dossier import missing
from services.review.domain.rules import Rules
from services.review.domain.turn import CaseFile, require_turn, subject
from shared.contracts.cases import CaseEvent, DecidedPrivate, DecisionMade, ListedGround, Outcome, Stage
from shared.contracts.deadlines import PolicyPart
from shared.contracts.materials import MaterialRule
from shared.errors import Refused

OF_REJECTION = (PolicyPart.REASONS, PolicyPart.REMEDY)
OF_APPROVAL = (PolicyPart.MATERIALS,)
"""The parts of the policy that a decision applies."""


@dataclass(frozen=True, slots=True)
class Ground:
    """A reason of a rejection as the reviewer gives it: a code of the policy and what it means here."""

    code: str
    detail: str


@dataclass(frozen=True, slots=True)
class Ruling:
    """What a final reviewer decides."""

    outcome: Outcome
    opinion: str
    grounds: tuple[Ground, ...] = ()


def decide(file: CaseFile, holder: Holder, ruling: Ruling, now: datetime) -> list[CaseEvent]:
    """Decide the case; the reviewer took part in no earlier stage (12.4 guard 2, N-05)."""
    require_turn(file, holder, {Stage.FINAL}, now)
    rejected = ruling.outcome is Outcome.REJECTED
    given = reasons(ruling.grounds, file.rules) if rejected else []
    if not rejected:
        _require_no_grounds(ruling.grounds)
        _require_papers(file, now)
    return [
        DecisionMade(
            **subject(file.case, now),
            outcome=ruling.outcome,
            decided_by=holder.officer.id,
            first_reviewer=_first_reviewer(file.case),
            policy_version=file.rules.version,
            reasons=given,
            remedy=file.rules.remedy if rejected else None,
            newer=file.rules.newer(*(OF_REJECTION if rejected else OF_APPROVAL)),
            private=DecidedPrivate(
                opinion=ruling.opinion, details=[ground.detail for ground in ruling.grounds]
            ),
        )
    ]


def reasons(grounds: Sequence[Ground], rules: Rules) -> list[ListedGround]:
    """Give the grounds their standard wording; at least one, each once and of the policy's list (T23)."""
    if not grounds:
        raise Refused("reason-missing", "a rejection names at least one reason", status=422)
    codes = [ground.code for ground in grounds]
    if len(set(codes)) < len(codes):
        raise Refused("reason-twice", "each reason is named once", status=422)
    strangers = [code for code in codes if code not in rules.reasons]
    if strangers:
        detail = f"not in the list of the region: {', '.join(strangers)}"
        raise Refused("reason-unknown", detail, status=422, known=sorted(rules.reasons))
    return [ListedGround(code=code, text=rules.reasons[code]) for code in codes]


def lacking_papers(file: CaseFile, now: datetime) -> list[MaterialRule]:
    """List the papers without which the case cannot be approved (policy `needed_by: decision`)."""
    needed, today = file.rules.needed_for_decision, clock_day(file.case, now)
    return missing(file.dossier, file.case.disease_code, needed, today)


def _first_reviewer(case: Case) -> str:
    if case.first_reviewer is None:
        raise Refused("four-eyes", "a decision needs a first review by another person")
    return case.first_reviewer


def _require_no_grounds(grounds: Sequence[Ground]) -> None:
    if grounds:
        raise Refused("reason-needless", "an approval carries no reasons of rejection", status=422)


def _require_papers(file: CaseFile, now: datetime) -> None:
    lacking = lacking_papers(file, now)
    if lacking:
        names = "、".join(rule.name.v for rule in lacking)
        raise Refused("material-missing", f"an approval needs: {names}", missing=[r.kind for r in lacking])
