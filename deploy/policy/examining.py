"""A past submission examined again under other rules, by the very checks of intake and review; pure.

Who applies is sealed and stays so: a stand-in takes that place, an adult who applies in person. What it gets
wrong it gets wrong on both sides, and only what the sides say differently is told.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from deploy.policy.differences import Difference, Kind
from deploy.policy.past import Past
from deploy.policy.replaying import Replayed
from deploy.policy.sides import Side, Sides
from services.intake.domain.rulebook import PHYSICIAN_OPINION, Requirement, papers
from services.intake.domain.validating import Findings, StoredMaterial, examine
from services.review.domain import Dossier, advise, lacking_papers, received_on
from shared.contracts.applications import (
    ApplicationSubmitted,
    MaterialSupplied,
    Paper,
    PaperPrivate,
    SubmittedPrivate,
    SuppliedPrivate,
)
from shared.contracts.evidence import Advice, EvidenceShown, NodeAdvice
from shared.contracts.materials import MaterialRule
from shared.contracts.policies import RegionPolicy
from shared.contracts.submissions import Defect, Material, NoticeRead, Person, SubmissionOffered
from shared.errors import Refused

STAND_IN = Person(name="stand-in", id_type="99", id_number="0000", phone="000")
"""Nobody; a paper of type 99 tells no date of birth, so it is taken for an adult."""

MISSING = "material-missing"
MOST_NODES = 2
NO_STANDARD = "no standard"


def compare_submission(past: Past, sides: Sides) -> Iterator[Difference]:
    """Tell why intake would refuse it, which papers it would ask for or not, and what it would warn of."""
    before, after = (_examined(past.submitted, side) for side in (sides.before, sides.after))
    held = {(one.code, one.field) for one in before.defects}
    new = [one for one in after.defects if (one.code, one.field) not in held]
    for one in new:
        if one.code != MISSING:
            yield Difference(Kind.ELIGIBILITY, f"refused: {one.code}", "taken", "refused", one.detail)
    lacking = {one.field.removeprefix("materials.") for one in new if one.code == MISSING}
    yield from _compare_requirements(past.submitted, sides, lacking)
    yield from _compare_warnings(past.submitted, before, after)


def compare_for_decision(before: Replayed, after: Replayed) -> Iterator[Difference]:
    """Tell which papers an approval would lack by the draft, or lack no more."""
    was, would = (_lacking(one) for one in (before, after))
    for kind in sorted(would.keys() - was.keys()):
        told = f"{would[kind].name.v} is needed for an approval"
        yield Difference(Kind.MATERIALS, f"newly missing for a decision: {kind}", "-", "missing", told)
    for kind in sorted(was.keys() - would.keys()):
        told = f"{was[kind].name.v} is no longer needed for an approval"
        yield Difference(Kind.MATERIALS, f"no longer missing for a decision: {kind}", "missing", "-", told)


def compare_advice(before: Replayed, after: Replayed, sides: Sides) -> Iterator[Difference]:
    """Tell what the recognition standard would say otherwise, going by what is open of the papers."""
    was, would = _advice(before, sides.before.policy), _advice(after, sides.after.policy)
    old, new = (_leaves(one.tree) if one else {} for one in (was, would))
    if old == new and (was is None) == (would is None):
        return
    names = [one.fulfilment.value.replace("_", " ") if one else NO_STANDARD for one in (was, would)]
    change = f"{names[0]} → {names[1]}" if names[0] != names[1] else f"{names[0]} still, for other criteria"
    yield Difference(Kind.ADVICE, change, names[0], names[1], "; ".join(_nodes_told(old, new)))


def is_sealed_matter(sides: Sides) -> bool:
    """Tell whether either side asks something of agents, minors or by way of a physician's opinion."""
    rules = [*sides.before.policy.materials, *sides.after.policy.materials]
    return any(r.when.by_agent or r.when.by_minor or PHYSICIAN_OPINION in r.accepted_kinds for r in rules)


def _examined(submitted: ApplicationSubmitted, side: Side) -> Findings:
    """Examine it as intake does; each side's own notice was read."""
    offered = SubmissionOffered(
        region=submitted.region,
        application_type=submitted.application_type,
        disease_code=submitted.disease_code,
        applicant_class=submitted.applicant_class,
        applicant=STAND_IN,
        materials=[_material(paper) for paper in submitted.materials],
        declared_true=True,
        notice=NoticeRead(version=side.policy.notice.version, read_at=submitted.occurred_at),
    )
    stored = {paper.name: StoredMaterial(paper.size, paper.content_type) for paper in submitted.materials}
    return examine(offered, submitted.channel, side.intake, stored, received_on(submitted))


def _material(paper: Paper) -> Material:
    return Material(
        kind=paper.kind,
        content_hash=paper.name,
        content_type=paper.content_type,
        size=paper.size,
        issued_on=paper.issued_on,
        issuer_level=paper.issuer_level,
        stamped=paper.stamped,
    )


def _compare_requirements(
    submitted: ApplicationSubmitted, sides: Sides, lacking: set[str]
) -> Iterator[Difference]:
    was, would = (_required(submitted, side) for side in (sides.before, sides.after))
    for kind in sorted(lacking):
        told = f"{would[kind].name} is needed for the submission"
        yield Difference(Kind.MATERIALS, f"newly missing: {kind}", "-", "missing", told)
    for kind in sorted(would.keys() - was.keys() - lacking):
        told = f"{would[kind].name} becomes needed and was handed in"
        yield Difference(Kind.MATERIALS, f"newly needed, was there: {kind}", "-", "needed", told)
    for kind in sorted(was.keys() - would.keys()):
        told = f"{was[kind].name} is no longer needed for the submission"
        yield Difference(Kind.MATERIALS, f"no longer needed: {kind}", "needed", "-", told)


def _required(submitted: ApplicationSubmitted, side: Side) -> dict[str, Requirement]:
    asked = papers(side.intake, submitted.disease_code, submitted.application_type, False, False)
    return {requirement.kind: requirement for requirement in asked.requirements}


def _compare_warnings(
    submitted: ApplicationSubmitted, before: Findings, after: Findings
) -> Iterator[Difference]:
    was, would = ({_warned(submitted, one): one for one in found.warnings} for found in (before, after))
    for (code, kind), one in would.items():
        if (code, kind) not in was:
            yield Difference(Kind.WARNINGS, f"warned: {code}, {kind}", "-", code, one.detail)
    for (code, kind), one in was.items():
        if (code, kind) not in would:
            yield Difference(Kind.WARNINGS, f"no longer warned: {code}, {kind}", code, "-", one.detail)


def _warned(submitted: ApplicationSubmitted, warning: Defect) -> tuple[str, str]:
    """Name a warning by its code and the kind of paper."""
    place = warning.field.split(".")[1]
    kind = submitted.materials[int(place)].kind if place.isdigit() else place
    return warning.code, kind


def _lacking(one: Replayed) -> dict[str, MaterialRule]:
    """List what an approval would lack, with a stand-in for what is sealed."""
    dossier = one.file.dossier
    submitted = dossier.submitted.model_copy(
        update={"private": SubmittedPrivate(applicant=STAND_IN, papers=_hidden(dossier.submitted))}
    )
    supplied = tuple(
        s.model_copy(update={"private": SuppliedPrivate(papers=_hidden(s))}) for s in dossier.supplied
    )
    file = replace(one.file, dossier=Dossier(submitted, supplied))
    return {rule.kind: rule for rule in lacking_papers(file, one.case.changed_at)}


def _hidden(event: ApplicationSubmitted | MaterialSupplied) -> list[PaperPrivate]:
    return [PaperPrivate(content_hash=paper.name) for paper in event.materials]


def _advice(one: Replayed, policy: RegionPolicy) -> Advice | None:
    try:
        return advise(one.file, policy.standard_of(one.case.disease_code), EvidenceShown()).advice
    except Refused:
        return None


def _leaves(node: NodeAdvice) -> dict[str, tuple[str, str]]:
    if not node.parts:
        return {node.id: (node.text, node.fulfilment.value.replace("_", " "))}
    return {name: leaf for part in node.parts for name, leaf in _leaves(part).items()}


def _nodes_told(old: dict[str, tuple[str, str]], new: dict[str, tuple[str, str]]) -> Iterator[str]:
    nothing = ("", "not asked")
    changed = [name for name in {**old, **new} if old.get(name) != new.get(name)]
    for name in changed[:MOST_NODES]:
        text = (new.get(name) or old.get(name) or nothing)[0]
        yield f"{text}: {old.get(name, nothing)[1]} → {new.get(name, nothing)[1]}"
    if len(changed) > MOST_NODES:
        yield f"and {len(changed) - MOST_NODES} more criteria"
