"""Papers of a kind, from an issuer, of an age, with signatures and a stamp; pure."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date

from shared.calendar import months_before
from shared.contracts.evidence import Evidence, EvidencePaper, Fulfilment
from shared.contracts.standards import Issuer, PaperShown, Tier
from shared.contracts.submissions import PhysicianTitle
from shared.recognition.counting import MET, NOT_MET, NOT_SHOWN, Judged, all_of, at_least, enough
from shared.recognition.wording import TITLES, Said, either, hospital, joined, kind, too_old, undated, wanted

DOES = Said("符合要求", "meets this")
TIERS, RANKS = list(Tier), list(PhysicianTitle)

Checked = Mapping[str, Sequence[Judged]]
"""What was found about the papers of each kind that a criterion names."""


def judge_papers(node: PaperShown, evidence: Evidence) -> Judged:
    """Judge the papers that a criterion names; one that does not do leaves another its chance."""
    named = dict.fromkeys(one for alternative in node.any_of for one in alternative)
    checked = {
        one: [_check(node, p, evidence.applied_on) for p in evidence.papers if p.kind == one] for one in named
    }
    complete = sum(min(_met(checked[one]) for one in alternative) for alternative in node.any_of)
    tried = [alternative for alternative in node.any_of if any(checked[one] for one in alternative)]
    if complete >= node.count:
        return Judged(MET, joined(one.said for some in checked.values() for one in some if _does(one)))
    if not tried:
        missing = either(named) if _single(node) else _all_kinds(named)
        return Judged(NOT_SHOWN, Said(f"未见{missing.zh}", f"no {missing.en} was shown"))
    of_each = [all_of([_kind(checked[one], node.count) for one in alternative]) for alternative in tried]
    return Judged(at_least(1, of_each), joined(_shortcomings(node, tried, checked, complete)))


def _single(node: PaperShown) -> bool:
    return all(len(alternative) == 1 for alternative in node.any_of)


def _all_kinds(kinds: Sequence[str] | Mapping[str, None]) -> Said:
    names = [kind(one) for one in kinds]
    return Said("和".join(one.zh for one in names), " and no ".join(one.en for one in names))


def _kind(judged: Sequence[Judged], count: int) -> Fulfilment:
    return enough(count, [one.fulfilment for one in judged])


def _met(judged: Sequence[Judged]) -> int:
    return sum(_does(one) for one in judged)


def _does(judged: Judged) -> bool:
    return judged.fulfilment is MET


def _shortcomings(
    node: PaperShown, tried: Sequence[Sequence[str]], checked: Checked, complete: int
) -> Iterator[Said]:
    for one in dict.fromkeys(one for alternative in tried for one in alternative):
        yield from (judged.said for judged in checked[one] if not _does(judged))
        if not checked[one]:
            yield Said(
                f"未见{kind(one).zh}，须一并提供", f"no {kind(one).en} was shown, it is needed as well"
            )
    if node.count > 1:
        yield Said(
            f"符合要求的有{complete}份，需{node.count}份",
            f"{complete} of {node.count} that are needed meet this",
        )


def _check(node: PaperShown, paper: EvidencePaper, on: date) -> Judged:
    name = kind(paper.kind)
    checks = [check(node, paper, on) for check in CHECKS]
    fulfilment = all_of([one.fulfilment for one in checks])
    wrong = [one.said for one in checks if not _does(one)] or [DOES]
    said = joined(Said(f"{name.zh}{one.zh}", f"the {name.en} {one.en}") for one in wrong)
    return Judged(fulfilment, said)


def _hospital(node: PaperShown, paper: EvidencePaper, _: date) -> Judged:
    issuer = node.issuer
    if issuer is None or (issuer.level is None and issuer.speciality is None):
        return Judged(MET, DOES)
    ways = [_by_level(issuer, paper)] if issuer.level else []
    ways += [_by_speciality(issuer, paper)] if issuer.speciality else []
    fulfilment = at_least(1, ways)
    return Judged(fulfilment, DOES if fulfilment is MET else _hospital_said(issuer, paper))


def _by_level(issuer: Issuer, paper: EvidencePaper) -> Fulfilment:
    given, least = paper.issuer_level, issuer.level or 1
    if given is None:
        return NOT_SHOWN
    if given != least or issuer.tier is None:
        return MET if given >= least else NOT_MET
    if paper.issuer_tier is None:
        return NOT_SHOWN
    return MET if TIERS.index(paper.issuer_tier) <= TIERS.index(issuer.tier) else NOT_MET


def _by_speciality(issuer: Issuer, paper: EvidencePaper) -> Fulfilment:
    if paper.issuer_speciality is None:
        return NOT_SHOWN
    return MET if paper.issuer_speciality == issuer.speciality else NOT_MET


def _hospital_said(issuer: Issuer, paper: EvidencePaper) -> Said:
    need = wanted(issuer)
    if paper.issuer_level is None:
        return Said(
            f"未注明出具医院的等级，需{need.zh}",
            f"does not say the level of its hospital, {need.en} is needed",
        )
    given = hospital(paper.issuer_level, paper.issuer_tier)
    untold_zh, untold_en = _untold(issuer, paper)
    return Said(
        f"由{given.zh}出具{untold_zh}，需{need.zh}", f"is from {given.en}{untold_en}, {need.en} is needed"
    )


def _untold(issuer: Issuer, paper: EvidencePaper) -> Said:
    """Say what is still to be told of a hospital whose level is known."""
    if issuer.level is not None and _by_level(issuer, paper) is NOT_SHOWN:
        return Said("（未注明等次）", " of an unknown tier")
    if issuer.speciality and paper.issuer_speciality is None:
        return Said("（未注明是否专科）", " (general or specialist is not said)")
    return Said("", "")


def _department(node: PaperShown, paper: EvidencePaper, _: date) -> Judged:
    need = node.issuer.department if node.issuer else None
    if need is None or (paper.department and need in paper.department):
        return Judged(MET, DOES)
    if paper.department is None:
        return Judged(
            NOT_SHOWN, Said(f"未注明出具科室，需{need}", f"does not say its department, {need} is needed")
        )
    return Judged(
        NOT_MET,
        Said(
            f"由{paper.department}出具，需{need}",
            f"is from the department {paper.department}, {need} is needed",
        ),
    )


def _age(node: PaperShown, paper: EvidencePaper, on: date) -> Judged:
    months = node.within_months
    if months is None or (paper.issued_on and paper.issued_on >= months_before(on, months)):
        return Judged(MET, DOES)
    if paper.issued_on is None:
        return Judged(NOT_SHOWN, undated(months))
    return Judged(NOT_MET, too_old(paper.issued_on, months))


def _signers(node: PaperShown, paper: EvidencePaper, _: date) -> Judged:
    least, count = node.signer_title_min, node.signers or 1
    if least is None and node.signers is None:
        return Judged(MET, DOES)
    who = _signer(least)
    need = Said(f"需{count}名{who.zh}签名", f"it takes {count} signers: {who.en}")
    if paper.signers is None:
        return Judged(NOT_SHOWN, Said(f"未注明签名医师，{need.zh}", f"does not tell who signed, {need.en}"))
    high = [title for title in paper.signers if least is None or RANKS.index(title) >= RANKS.index(least)]
    if len(high) >= count:
        return Judged(MET, DOES)
    few = Said(f"符合要求的签名医师有{len(high)}名", f"has {len(high)} such signers")
    return Judged(NOT_MET, Said(f"{few.zh}，{need.zh}", f"{few.en}, {need.en}"))


def _signer(least: PhysicianTitle | None) -> Said:
    if least is None:
        return Said("医师", "physicians")
    return Said(f"{TITLES[least].zh}及以上", f"{TITLES[least].en} or above")


def _stamp(node: PaperShown, paper: EvidencePaper, _: date) -> Judged:
    if not node.stamped or paper.stamped:
        return Judged(MET, DOES)
    if paper.stamped is None:
        return Judged(
            NOT_SHOWN, Said("未注明是否盖章，需加盖公章", "does not say whether it is stamped, it must be")
        )
    return Judged(NOT_MET, Said("未加盖公章", "is not stamped"))


CHECKS: Sequence[Callable[[PaperShown, EvidencePaper, date], Judged]] = (
    _hospital,
    _department,
    _age,
    _signers,
    _stamp,
)
"""What is asked of each paper, in the order it is told."""
