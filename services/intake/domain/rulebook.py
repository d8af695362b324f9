"""A region's policy, arranged for checking one submission after the other."""

from dataclasses import dataclass
from functools import lru_cache

from shared.contracts.materials import MaterialRule
from shared.contracts.policies import RegionPolicy
from shared.contracts.submissions import SubmissionOffered

PHYSICIAN_OPINION = "physician_opinion"


@dataclass(frozen=True, slots=True, eq=False)
class Rulebook:
    """The parts of one policy version that intake checks against, as sets."""

    policy: RegionPolicy
    channels: frozenset[str]
    diseases: frozenset[str]
    application_types: frozenset[str]
    applicant_classes: frozenset[str]
    content_types: frozenset[str]


@dataclass(frozen=True, slots=True)
class Requirement:
    """One needed paper; met by all kinds of one alternative, or by one of the kinds that make it needless."""

    kind: str
    name: str
    alternatives: tuple[frozenset[str], ...]
    unless: frozenset[str]

    def is_met_by(self, kinds: set[str]) -> bool:
        """Tell whether papers of these kinds are enough."""
        met = any(alternative <= kinds for alternative in self.alternatives)
        return met or not kinds.isdisjoint(self.unless)


@dataclass(frozen=True, slots=True)
class Circumstances:
    """What decides which papers are needed."""

    disease_code: str
    application_type: str
    has_agent: bool
    is_minor: bool


def rulebook(policy: RegionPolicy) -> Rulebook:
    """Arrange one policy version."""
    return Rulebook(
        policy=policy,
        channels=frozenset(channel.id for channel in policy.channels if channel.takes_applications.v),
        diseases=frozenset(disease.code for disease in policy.diseases),
        application_types=frozenset(policy.application_types.v),
        applicant_classes=frozenset(enrolled.id for enrolled in policy.applicant_classes),
        content_types=frozenset(policy.upload.content_types.v),
    )


def kinds_offered(offered: SubmissionOffered) -> set[str]:
    """The kinds of paper in a submission; a physician's opinion given as fields counts as that paper."""
    kinds = {material.kind for material in offered.materials}
    return kinds | {PHYSICIAN_OPINION} if offered.physician_opinion else kinds


@lru_cache(maxsize=4096)
def requirements(rules: Rulebook, given: Circumstances) -> tuple[Requirement, ...]:
    """What must be there for a submission to be taken, under these circumstances."""
    return tuple(
        Requirement(
            rule.kind,
            rule.name.v,
            tuple(frozenset(alternative) for alternative in rule.any_of.v),
            frozenset(rule.unless),
        )
        for rule in applying(rules, given)
        if rule.stops_submission(())
    )


@lru_cache(maxsize=4096)
def applying(rules: Rulebook, given: Circumstances) -> tuple[MaterialRule, ...]:
    """All rules about papers that apply under these circumstances, needed now or later."""
    return tuple(
        rules.policy.materials_for(
            given.disease_code, given.application_type, has_agent=given.has_agent, is_minor=given.is_minor
        )
    )
