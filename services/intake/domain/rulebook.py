"""A region's policy, arranged for checking one submission after the other."""

from dataclasses import dataclass
from functools import lru_cache

from shared.contracts.materials import MaterialRule
from shared.contracts.policies import RegionPolicy
from shared.contracts.submissions import PhysicianTitle

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
class Advice:
    """What papers of these kinds should be like; nothing of it stops a submission. Ages in months."""

    kinds: frozenset[str]
    max_age: int | None
    issuer_level_min: int | None
    stamped: bool
    signer_title_min: PhysicianTitle | None

    def says_something(self) -> bool:
        """Tell whether there is anything to look at."""
        return any((self.max_age, self.issuer_level_min, self.stamped, self.signer_title_min))


@dataclass(frozen=True, slots=True)
class Papers:
    """All that is asked about papers under certain circumstances."""

    requirements: tuple[Requirement, ...]
    advice: tuple[Advice, ...]


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


@lru_cache(maxsize=4096)
def papers(
    rules: Rulebook, disease_code: str, application_type: str, has_agent: bool, is_minor: bool
) -> Papers:
    """What is asked about papers for such an application; worked out once."""
    applying = rules.policy.materials_for(
        disease_code, application_type, has_agent=has_agent, is_minor=is_minor
    )
    return Papers(
        tuple(_requirement(rule) for rule in applying if rule.stops_submission(())),
        tuple(advice for advice in map(_advice, applying) if advice.says_something()),
    )


def _requirement(rule: MaterialRule) -> Requirement:
    alternatives = tuple(frozenset(alternative) for alternative in rule.any_of.v)
    return Requirement(rule.kind, rule.name.v, alternatives, frozenset(rule.unless))


def _advice(rule: MaterialRule) -> Advice:
    return Advice(
        rule.accepted_kinds,
        rule.max_age_months.v if rule.max_age_months else None,
        rule.issuer_level_min.v if rule.issuer_level_min else None,
        rule.stamp is not None and rule.stamp.v,
        rule.signer_title_min.v if rule.signer_title_min else None,
    )
