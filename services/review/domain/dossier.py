"""What intake told about an application, as far as review works with it: who, which papers, whose opinion."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from shared.contracts.applications import ApplicationSubmitted, MaterialSupplied
from shared.contracts.materials import MaterialRule
from shared.contracts.submissions import (
    ApplicantClass,
    ApplicationType,
    Material,
    PhysicianOpinion,
    PhysicianTitle,
)

ADULT_AGE = 18
RESIDENT_ID = "01"
TITLES = list(PhysicianTitle)


@dataclass(frozen=True, slots=True)
class Identity:
    """A person's name and document; `id_type` is the national `psn_cert_type`."""

    name: str
    id_type: str
    id_number: str


@dataclass(frozen=True, slots=True)
class Paper:
    """One material; `round` is 0 for the application itself, else the request that it answers."""

    material: Material
    round: int = 0


@dataclass(frozen=True, slots=True)
class Dossier:
    """The application as review was told of it; it stands beside the case, outside its fold."""

    application_type: ApplicationType
    applicant_class: ApplicantClass
    channel: str
    submitted_at: datetime
    person_id: UUID
    applicant: Identity
    agent: Identity | None = None
    agent_relation: str | None = None
    papers: tuple[Paper, ...] = ()
    physician_opinion: PhysicianOpinion | None = None
    previous_application_id: UUID | None = None


def dossier_of(submitted: ApplicationSubmitted) -> Dossier:
    """Begin the dossier of an application; addresses and phone numbers are left where they are."""
    person, agent = submitted.applicant, submitted.agent
    return Dossier(
        application_type=submitted.application_type,
        applicant_class=submitted.applicant_class,
        channel=submitted.channel,
        submitted_at=submitted.occurred_at,
        person_id=submitted.person_id,
        applicant=Identity(person.name, person.id_type, person.id_number),
        agent=Identity(agent.name, agent.id_type, agent.id_number) if agent else None,
        agent_relation=agent.relation if agent else None,
        papers=tuple([Paper(material) for material in submitted.materials]),
        physician_opinion=submitted.physician_opinion,
        previous_application_id=submitted.previous_application_id,
    )


def supplemented(dossier: Dossier, supplied: MaterialSupplied) -> Dossier:
    """Add what the applicant supplied; new papers stand beside the old ones (T15)."""
    papers = tuple([Paper(material, supplied.round) for material in supplied.materials])
    opinion = supplied.physician_opinion or dossier.physician_opinion
    return replace(dossier, papers=dossier.papers + papers, physician_opinion=opinion)


def missing(
    dossier: Dossier, disease_code: str, rules: Sequence[MaterialRule], today: date
) -> list[MaterialRule]:
    """List the requirements that the dossier does not meet."""
    agent, minor = dossier.agent is not None, is_minor(dossier.applicant, today)
    return [
        rule
        for rule in rules
        if rule.when.holds(disease_code, dossier.application_type, has_agent=agent, is_minor=minor)
        and not rule.is_met_by(_kinds(dossier, rule))
    ]


def is_minor(person: Identity, today: date) -> bool:
    """Tell by the resident identity number whether a person is under 18; other documents do not say."""
    if person.id_type != RESIDENT_ID or len(person.id_number) != 18:
        return False
    try:
        born = date.fromisoformat(person.id_number[6:14])
    except ValueError:
        return False
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day)) < ADULT_AGE


def masked_name(name: str) -> str:
    """Show the first character of a name (masking rule of personal data)."""
    return name[:1] + "*" * (len(name) - 1)


def masked_number(number: str) -> str:
    """Show the first and last four characters of a document number, so that the birth date is hidden."""
    if len(number) <= 8:
        return "*" * len(number)
    return number[:4] + "*" * (len(number) - 8) + number[-4:]


def _kinds(dossier: Dossier, rule: MaterialRule) -> set[str]:
    """List the kinds at hand; a signed opinion counts as one if the signer's title suffices (F-S14)."""
    kinds = {paper.material.kind for paper in dossier.papers}
    opinion, least = dossier.physician_opinion, rule.signer_title_min
    if opinion and (least is None or TITLES.index(opinion.title) >= TITLES.index(least.v)):
        kinds.add("physician_opinion")
    return kinds
