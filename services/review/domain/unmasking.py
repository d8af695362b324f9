"""What of a person an officer may see in full, by its name and for a stated reason (domain.md 8.4)."""

from collections.abc import Iterable
from enum import StrEnum

from shared.contracts.applications import SubmittedPrivate
from shared.reasons import require_nameless


class PersonalField(StrEnum):
    """What is masked: of the applicant, and of the agent."""

    NAME = "name"
    ID_NUMBER = "id_number"
    PHONE = "phone"
    ADDRESS = "address"
    AGENT_NAME = "agent_name"
    AGENT_ID_NUMBER = "agent_id_number"
    AGENT_PHONE = "agent_phone"


def in_full(person: SubmittedPrivate, fields: Iterable[PersonalField]) -> dict[PersonalField, str | None]:
    """Give the wanted fields; None for what was not handed in, or without an agent."""
    values = _values(person)
    return {field: values[field] for field in fields}


def require_unnamed(person: SubmittedPrivate, reason: str) -> None:
    """Refuse `reason-names-person` (422): a reason is kept for ever, so it repeats nothing that is masked."""
    require_nameless(reason, _values(person).values())


def _values(person: SubmittedPrivate) -> dict[PersonalField, str | None]:
    applicant, agent = person.applicant, person.agent
    return {
        PersonalField.NAME: applicant.name,
        PersonalField.ID_NUMBER: applicant.id_number,
        PersonalField.PHONE: applicant.phone,
        PersonalField.ADDRESS: applicant.address,
        PersonalField.AGENT_NAME: agent.name if agent else None,
        PersonalField.AGENT_ID_NUMBER: agent.id_number if agent else None,
        PersonalField.AGENT_PHONE: agent.phone if agent else None,
    }
