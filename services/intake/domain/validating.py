"""Everything that is wrong with a submission, told at once (F-P17 to F-P37, F-S09 to F-S14)."""

from calendar import monthrange
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.intake.domain.defects import defect
from services.intake.domain.identity import (
    WITH_CHECK_CHARACTER,
    birth_date,
    id_number_fault,
    is_mobile_number,
)
from services.intake.domain.rulebook import PHYSICIAN_OPINION, Advice, Papers, Rulebook, papers
from services.intake.domain.windows import opens_on
from shared.contracts.submissions import (
    Agent,
    Defect,
    Material,
    NoticeRead,
    Person,
    PhysicianTitle,
    SubmissionOffered,
)

MINOR_UNDER = 18
"""Years; a guardian applies for a minor (domain list 6)."""

MIB = 1 << 20
TITLES = list(PhysicianTitle)


@dataclass(frozen=True, slots=True)
class StoredMaterial:
    """What is known about an uploaded paper; `size` in bytes."""

    size: int
    content_type: str


@dataclass(frozen=True, slots=True)
class Findings:
    """What stops a submission, and what does not but may lead to questions or a rejection."""

    defects: list[Defect]
    warnings: list[Defect]


def examine(
    offered: SubmissionOffered,
    channel: str,
    rules: Rulebook,
    stored: Mapping[str, StoredMaterial],
    today: date,
) -> Findings:
    """Find everything that is wrong with a submission (T03); `stored` are the uploads it names."""
    asked = papers(
        rules,
        offered.disease_code,
        offered.application_type,
        offered.agent is not None,
        is_minor(offered.applicant, today),
    )
    defects = [
        *_matter_defects(offered, channel, rules),
        *_window_defects(offered, rules, today),
        *_person_defects(offered.applicant, "applicant", today),
        *(_agent_defects(offered.agent, offered.applicant, today) if offered.agent else ()),
        *_missing_papers(offered, asked),
        *_upload_defects(offered.materials, rules, stored),
        *_declaration_defects(offered.declared_true, offered.notice, rules),
    ]
    return Findings(defects, [w for advice in asked.advice for w in _warnings(offered, advice, today)])


def find_upload_defects(
    materials: Sequence[Material], rules: Rulebook | None, stored: Mapping[str, StoredMaterial]
) -> list[Defect]:
    """List what is wrong with papers that answer a request."""
    if rules is None:
        return [defect("region-unknown", "region")]
    return list(_upload_defects(materials, rules, stored))


def is_minor(person: Person, today: date) -> bool:
    """Tell whether a guardian must apply, as far as the number holds a date of birth."""
    if person.id_type not in WITH_CHECK_CHARACTER or len(person.id_number) != 18:
        return False
    born = birth_date(person.id_number)
    return born is not None and _years_between(born, today) < MINOR_UNDER


def months_before(day: date, months: int) -> date:
    """The day so many months earlier, or the last day of that month."""
    year, month = divmod(day.year * 12 + day.month - 1 - months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def _matter_defects(offered: SubmissionOffered, channel: str, rules: Rulebook) -> Iterator[Defect]:
    if channel not in rules.channels:
        yield defect("channel-not-in-region", "region")
    if offered.application_type not in rules.application_types:
        yield defect("application-type-not-offered", "application_type")
    if offered.applicant_class not in rules.applicant_classes:
        yield defect("applicant-class-unknown", "applicant_class")
    if offered.disease_code not in rules.diseases:
        yield defect("disease-not-in-catalogue", "disease_code")


def _window_defects(offered: SubmissionOffered, rules: Rulebook, today: date) -> Iterator[Defect]:
    opening = opens_on(rules.policy, offered.application_type, today)
    if opening:
        yield defect("intake-closed", "application_type", opening.isoformat())


def _person_defects(person: Person | Agent, field: str, today: date) -> Iterator[Defect]:
    if not person.name.strip():
        yield defect("name-blank", f"{field}.name")
    fault = id_number_fault(person.id_type, person.id_number, today)
    if fault:
        yield defect(fault, f"{field}.id_type" if fault == "id-type-unknown" else f"{field}.id_number")
    if not is_mobile_number(person.phone):
        yield defect("phone-invalid", f"{field}.phone")


def _agent_defects(agent: Agent, applicant: Person, today: date) -> Iterator[Defect]:
    yield from _person_defects(agent, "agent", today)
    if (agent.id_type, agent.id_number.upper()) == (applicant.id_type, applicant.id_number.upper()):
        yield defect("agent-is-applicant", "agent.id_number")


def _missing_papers(offered: SubmissionOffered, asked: Papers) -> Iterator[Defect]:
    kinds = {material.kind for material in offered.materials}
    if offered.physician_opinion:
        kinds.add(PHYSICIAN_OPINION)
    for requirement in asked.requirements:
        if not requirement.is_met_by(kinds):
            yield defect("material-missing", f"materials.{requirement.kind}", requirement.name)


def _upload_defects(
    materials: Sequence[Material], rules: Rulebook, stored: Mapping[str, StoredMaterial]
) -> Iterator[Defect]:
    limits = rules.policy.upload
    if len(materials) > limits.max_files.v:
        yield defect("too-many-files", "materials", limits.max_files.v)
    if sum(material.size for material in materials) > limits.max_submission_mib.v * MIB:
        yield defect("submission-too-large", "materials", limits.max_submission_mib.v)
    for place, material in enumerate(materials):
        if material.content_type not in rules.content_types:
            yield defect("content-type-not-allowed", f"materials.{place}.content_type")
        if material.size > limits.max_file_mib.v * MIB:
            yield defect("file-too-large", f"materials.{place}.size", limits.max_file_mib.v)
        upload = stored.get(material.content_hash)
        if upload is None:
            yield defect("material-not-uploaded", f"materials.{place}.content_hash")
        elif upload.size != material.size or upload.content_type != material.content_type:
            yield defect("material-differs", f"materials.{place}")


def _declaration_defects(declared: bool, notice: NoticeRead | None, rules: Rulebook) -> Iterator[Defect]:
    if not declared:
        yield defect("truth-not-declared", "declared_true")
    current = rules.policy.notice.version
    if notice is None:
        yield defect("notice-not-read", "notice")
    elif notice.version != current:
        yield defect("notice-outdated", "notice.version", current)


def _warnings(offered: SubmissionOffered, advice: Advice, today: date) -> Iterator[Defect]:
    for place, material in enumerate(offered.materials):
        if material.kind in advice.kinds:
            yield from _paper_warnings(material, advice, f"materials.{place}", today)
    opinion, title_min = offered.physician_opinion, advice.signer_title_min
    if title_min is None or opinion is None or PHYSICIAN_OPINION not in advice.kinds:
        return
    if TITLES.index(opinion.title) < TITLES.index(title_min):
        yield defect("signer-title-low", "physician_opinion.title")


def _paper_warnings(material: Material, advice: Advice, field: str, today: date) -> Iterator[Defect]:
    oldest, level = advice.max_age, advice.issuer_level_min
    if oldest and material.issued_on and material.issued_on < months_before(today, oldest):
        yield defect("material-too-old", f"{field}.issued_on", oldest)
    if level and material.issuer_level and material.issuer_level < level:
        yield defect("issuer-level-low", f"{field}.issuer_level", level)
    if advice.stamped and material.stamped is False:
        yield defect("stamp-missing", f"{field}.stamped")


def _years_between(born: date, today: date) -> int:
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))
