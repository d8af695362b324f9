"""What intake told about an application, as far as review works with it: who, which papers, whose opinion."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from shared.contracts.applications import (
    ApplicationSubmitted,
    MaterialSupplied,
    Paper,
    PaperPrivate,
    SubmittedPrivate,
    SuppliedPrivate,
)
from shared.contracts.base import opened
from shared.contracts.materials import MaterialRule
from shared.contracts.submissions import Person, PhysicianOpinion, PhysicianTitle

ADULT_AGE = 18
RESIDENT_ID = "01"
TITLES = list(PhysicianTitle)


@dataclass(frozen=True, slots=True)
class Filed:
    """One paper; `round` is 0 for the application itself, else the request that it answers."""

    paper: Paper
    private: PaperPrivate | None
    round: int


@dataclass(frozen=True, slots=True)
class Dossier:
    """The application as review was told of it, sealed as it came; it stands beside the case's fold."""

    submitted: ApplicationSubmitted
    supplied: tuple[MaterialSupplied, ...] = ()

    @property
    def key_id(self) -> UUID | None:
        """The data key of the person."""
        return self.submitted.key_id

    @property
    def person(self) -> SubmittedPrivate:
        """Who applies; raises NotOpened while the dossier is sealed."""
        return opened(self.submitted.private)

    @property
    def papers(self) -> list[Filed]:
        """All papers in the order they came in; new ones stand beside the old ones (T15)."""
        first = _filed(self.submitted.materials, self.submitted.private, 0)
        return [*first, *(f for s in self.supplied for f in _filed(s.materials, s.private, s.round))]

    @property
    def physician_opinion(self) -> PhysicianOpinion | None:
        """The opinion that was handed in last, of those that were opened."""
        told: list[SubmittedPrivate | SuppliedPrivate | None] = [self.submitted.private]
        told += [event.private for event in self.supplied]
        given = [one.physician_opinion for one in told if one and one.physician_opinion]
        return given[-1] if given else None


def supplemented(dossier: Dossier, supplied: MaterialSupplied) -> Dossier:
    """Add what the applicant supplied (T15)."""
    return replace(dossier, supplied=(*dossier.supplied, supplied))


def missing(
    dossier: Dossier, disease_code: str, rules: Sequence[MaterialRule], today: date
) -> list[MaterialRule]:
    """List the requirements that the dossier does not meet; raises NotOpened while it is sealed."""
    agent, minor = dossier.person.agent is not None, is_minor(dossier.person.applicant, today)
    return [
        rule
        for rule in rules
        if rule.when.holds(disease_code, dossier.submitted.application_type, has_agent=agent, is_minor=minor)
        and not rule.is_met_by(_kinds(dossier, rule))
    ]


def is_minor(person: Person, today: date) -> bool:
    """Tell by the resident identity number whether a person is under 18; other documents do not say."""
    if person.id_type != RESIDENT_ID or len(person.id_number) != 18:
        return False
    try:
        born = date.fromisoformat(person.id_number[6:14])
    except ValueError:
        return False
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day)) < ADULT_AGE


def _kinds(dossier: Dossier, rule: MaterialRule) -> set[str]:
    """List the kinds at hand; a signed opinion counts as one if the signer's title suffices (F-S14)."""
    kinds = {filed.paper.kind for filed in dossier.papers}
    opinion, least = dossier.physician_opinion, rule.signer_title_min
    if opinion and (least is None or TITLES.index(opinion.title) >= TITLES.index(least.v)):
        kinds.add("physician_opinion")
    return kinds


def _filed(
    papers: Sequence[Paper], told: SubmittedPrivate | SuppliedPrivate | None, number: int
) -> list[Filed]:
    private = told.papers if told else [None] * len(papers)
    return [Filed(paper, one, number) for paper, one in zip(papers, private, strict=True)]
