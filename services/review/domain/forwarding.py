"""A case moves on: to experts, who recommend each alone, and to the final reviewer (T11 to T13)."""

from collections import Counter
from dataclasses import dataclass
from datetime import datetime

from services.review.domain.case import Case
from services.review.domain.claiming import Holder
from services.review.domain.rules import Rules
from services.review.domain.turn import CaseFile, require_turn, subject
from shared.contracts.cases import (
    CaseEvent,
    ExpertOpinionGiven,
    OpinionPrivate,
    Outcome,
    ReviewForwarded,
    Stage,
)
from shared.contracts.deadlines import ExpertReview, PolicyPart
from shared.errors import Refused


@dataclass(frozen=True, slots=True)
class Handover:
    """To which stage a case goes, and with what opinion."""

    to_stage: Stage
    opinion: str


@dataclass(frozen=True, slots=True)
class Recommendation:
    """What an expert recommends, and why."""

    outcome: Outcome
    opinion: str


def forward(file: CaseFile, holder: Holder, handover: Handover, now: datetime) -> list[CaseEvent]:
    """Hand the case to a next stage that the policy allows (T11); past the experts only with quorum (T13)."""
    require_turn(file, holder, {Stage.FIRST, Stage.EXPERT}, now)
    fitting = next_stages(file.case, file.rules)
    if handover.to_stage not in fitting:
        names = ", ".join(sorted(fitting))
        detail = f"from {file.case.stage} the case goes to {names}, not to {handover.to_stage}"
        raise Refused("wrong-next-stage", detail, next_stages=sorted(fitting))
    if file.case.stage is Stage.EXPERT:
        _require_quorum(file.case, file.rules)
    return [
        ReviewForwarded(
            **subject(file.case, now),
            forwarded_by=holder.officer.id,
            from_stage=file.case.stage,
            to_stage=handover.to_stage,
            newer=file.rules.newer(PolicyPart.REVIEW),
            private=OpinionPrivate(opinion=handover.opinion),
        )
    ]


def give_opinion(file: CaseFile, holder: Holder, given: Recommendation, now: datetime) -> list[CaseEvent]:
    """Record one expert's recommendation (T12); each expert has one voice."""
    require_turn(file, holder, {Stage.EXPERT}, now)
    if any(opinion.expert == holder.officer.id for opinion in file.case.opinions):
        raise Refused("opinion-given", "you have given your opinion on this case")
    return [
        ExpertOpinionGiven(
            **subject(file.case, now),
            expert=holder.officer.id,
            recommendation=given.outcome,
            private=OpinionPrivate(opinion=given.opinion),
        )
    ]


def next_stages(case: Case, rules: Rules) -> frozenset[Stage]:
    """Tell where the case may go from here; where the policy is silent the first reviewer chooses."""
    if case.stage is Stage.EXPERT:
        return frozenset({Stage.FINAL})
    if case.stage is not Stage.FIRST:
        return frozenset()
    if rules.expert_review is ExpertReview.REQUIRED:
        return frozenset({Stage.EXPERT})
    if rules.expert_review is ExpertReview.NOT_REQUIRED:
        return frozenset({Stage.FINAL})
    return frozenset({Stage.EXPERT, Stage.FINAL})


def concordant(case: Case) -> int:
    """Count the experts who recommend the same outcome, in the larger group."""
    return max(Counter(opinion.recommendation for opinion in case.opinions).values(), default=0)


def _require_quorum(case: Case, rules: Rules) -> None:
    if concordant(case) < rules.expert_quorum:
        detail = f"{rules.expert_quorum} concordant expert opinions are needed, there are {concordant(case)}"
        raise Refused("quorum-missing", detail, needed=rules.expert_quorum, concordant=concordant(case))
