"""What the recognition standard of a case's disease says; it advises, and nothing here decides (PIPL 24)."""

from dataclasses import dataclass

from services.review.domain.dossier import Dossier
from services.review.domain.turn import CaseFile
from shared.contracts.evidence import Advice, Evidence, EvidencePaper, EvidenceShown
from shared.contracts.standards import Standard
from shared.errors import Refused
from shared.recognition import judge


@dataclass(frozen=True, slots=True)
class Advised:
    """What a standard says, and about which evidence."""

    standard: Standard
    evidence: Evidence
    advice: Advice


def advise(file: CaseFile, standard: Standard | None, entered: EvidenceShown) -> Advised:
    """Apply the standard to the papers that were handed in and to what an officer read in them.

    Months are counted back from the day the application was received. Papers of a kind that the officer
    describes stand for all of that kind. Refused `standard-unknown` (404) where the case's policy has none.
    """
    case, rules = file.case, file.rules
    if standard is None:
        detail = f"the policy {rules.region}/{rules.version} holds no standard for {case.disease_code}"
        raise Refused("standard-unknown", detail, status=404)
    described = {paper.kind for paper in entered.papers}
    filed = [paper for paper in _papers(file.dossier) if paper.kind not in described]
    evidence = Evidence(
        applied_on=case.received_on,
        papers=(*filed, *entered.papers),
        visits=entered.visits,
        measurements=entered.measurements,
        findings=entered.findings,
        patient=entered.patient,
    )
    return Advised(standard, evidence, judge(standard.tree.v, evidence))


def _papers(dossier: Dossier) -> list[EvidencePaper]:
    """Take from the papers, sealed as they are, what was stated about them when they were handed in."""
    return [
        EvidencePaper(
            kind=filed.paper.kind,
            issuer_level=filed.paper.issuer_level,
            issued_on=filed.paper.issued_on,
            stamped=filed.paper.stamped,
        )
        for filed in dossier.papers
    ]
