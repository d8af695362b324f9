"""The rules of review on frozen values: state and command in, events out."""

from services.review.domain.accepting import accept
from services.review.domain.advising import Advised, advise
from services.review.domain.asking import request_material
from services.review.domain.case import Asked, Case, Opinion, Status, evolve, fold
from services.review.domain.claiming import (
    LEASE,
    ROLE_OF,
    Claim,
    Holder,
    Officer,
    granted,
    regions_in_scope,
    released,
    require_claim,
    require_region,
    require_seat,
)
from services.review.domain.deadlines import Standing, due_of, standing
from services.review.domain.deciding import Ground, Ruling, decide, lacking_papers
from services.review.domain.dossier import (
    Dossier,
    Filed,
    is_minor,
    missing,
    supplemented,
)
from services.review.domain.forwarding import (
    Handover,
    Recommendation,
    concordant,
    forward,
    give_opinion,
    next_stages,
)
from services.review.domain.noticing import MissingYear, missing_years
from services.review.domain.opening import MovedBy, correct_due, open_case, received_on, resume, withdraw
from services.review.domain.rulebook import Rulebook
from services.review.domain.rules import Rules, rules_of
from services.review.domain.telling import Sentence, tell, visible_to
from services.review.domain.turn import CaseFile, require_turn
from services.review.domain.unmasking import PersonalField, in_full, require_unnamed

__all__ = [
    "LEASE",
    "ROLE_OF",
    "Advised",
    "Asked",
    "Case",
    "CaseFile",
    "Claim",
    "Dossier",
    "Filed",
    "Ground",
    "Handover",
    "Holder",
    "MissingYear",
    "MovedBy",
    "Officer",
    "Opinion",
    "PersonalField",
    "Recommendation",
    "Rulebook",
    "Rules",
    "Ruling",
    "Sentence",
    "Standing",
    "Status",
    "accept",
    "advise",
    "concordant",
    "correct_due",
    "decide",
    "due_of",
    "evolve",
    "fold",
    "forward",
    "give_opinion",
    "granted",
    "in_full",
    "is_minor",
    "lacking_papers",
    "missing",
    "missing_years",
    "next_stages",
    "open_case",
    "received_on",
    "regions_in_scope",
    "released",
    "request_material",
    "require_claim",
    "require_region",
    "require_seat",
    "require_turn",
    "require_unnamed",
    "resume",
    "rules_of",
    "standing",
    "supplemented",
    "tell",
    "visible_to",
    "withdraw",
]
