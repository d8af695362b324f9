"""Who may act on a case now: the region, the role of the stage, and a claim that has not run out."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import NoReturn

from services.review.domain.case import Case, Status
from services.review.domain.rules import Rules
from shared.contracts.cases import Stage
from shared.errors import Refused

LEASE = timedelta(minutes=15)
"""How long a claim lasts unless it is renewed by claiming again."""

ROLE_OF: Mapping[Stage, str] = {
    Stage.ACCEPTANCE: "acceptance_officer",
    Stage.FIRST: "first_reviewer",
    Stage.EXPERT: "expert",
    Stage.FINAL: "final_reviewer",
}


@dataclass(frozen=True, slots=True)
class Officer:
    """A member of staff as the sign-in tells: roles, and the divisions (`admdvs`) they may handle."""

    id: str
    roles: frozenset[str]
    areas: frozenset[str]


@dataclass(frozen=True, slots=True)
class Claim:
    """Who holds a case until when; `token` grows with every new holder and never goes back."""

    token: int = 0
    holder: str | None = None
    expires_at: datetime | None = None

    def held(self, now: datetime) -> bool:
        """Tell whether somebody holds the case at this moment."""
        return self.expires_at is not None and now < self.expires_at


@dataclass(frozen=True, slots=True)
class Holder:
    """An officer who says that they hold the claim with this token."""

    officer: Officer
    token: int


def require_region(rules: Rules, officer: Officer) -> None:
    """Refuse `region-outside-scope` (403) unless the region is one of the officer's (12.4 guard 1)."""
    if rules.admdvs not in officer.areas:
        raise Refused("region-outside-scope", f"the region {rules.region} is not in your scope", status=403)


def regions_in_scope(known: Iterable[Rules], officer: Officer, wanted: str | None) -> list[str]:
    """List the officer's regions, or the wanted one alone; Refused `region-outside-scope` (403)."""
    regions = [rules.region for rules in known if rules.admdvs in officer.areas]
    if wanted is None:
        return regions
    if wanted not in regions:
        raise Refused("region-outside-scope", f"the region {wanted} is not in your scope", status=403)
    return [wanted]


def require_seat(case: Case, officer: Officer) -> None:
    """Refuse unless the case is open, the officer has the stage's role and is new to it (12.4 guard 2)."""
    _require_officers_turn(case)
    if ROLE_OF[case.stage] not in officer.roles:
        detail = f"the stage {case.stage} needs the role {ROLE_OF[case.stage]}"
        raise Refused("role-missing", detail, status=403)
    if _acted_before(case, officer.id):
        detail = "you have acted at an earlier stage of this case; another person must look at it"
        raise Refused("four-eyes", detail, status=403)


def require_claim(claim: Claim, holder: Holder, now: datetime) -> None:
    """Refuse `claim-lost` unless the claim is this holder's, with this token, and has not run out."""
    mine = claim.holder == holder.officer.id and claim.token == holder.token
    if not (mine and claim.held(now)):
        raise Refused("claim-lost", "your claim has run out or the case is another's; claim it again")


def granted(claim: Claim, officer: Officer, now: datetime) -> Claim:
    """Give the claim for a lease, or renew it; Refused `case-claimed` while it is another's."""
    if claim.held(now) and claim.holder != officer.id:
        _refuse_claimed(claim)
    token = claim.token if claim.held(now) else claim.token + 1
    return Claim(token, officer.id, now + LEASE)


def released(claim: Claim) -> Claim:
    """Give the case back; the token stays, so what the former holder still sends is refused."""
    return replace(claim, holder=None, expires_at=None)


def _refuse_claimed(claim: Claim) -> NoReturn:
    until = claim.expires_at.isoformat() if claim.expires_at else None
    raise Refused("case-claimed", "another officer works on this case", claim_expires_at=until)


def _require_officers_turn(case: Case) -> None:
    if case.status is Status.DECIDED:
        raise Refused("case-decided", "the case is decided; a decision is not taken twice")
    if case.status is Status.CLOSED:
        raise Refused("case-closed", "the application was withdrawn; the case is closed")
    if case.status is Status.ASKED:
        raise Refused("material-awaited", "the case waits for material that the applicant was asked for")


def _acted_before(case: Case, staff: str) -> bool:
    """Tell whether a person acted at an earlier stage; who accepted may still do the first review."""
    if case.stage in {Stage.ACCEPTANCE, Stage.FIRST}:
        return False
    return any(part.staff == staff and part.stage is not case.stage for part in case.parts)
