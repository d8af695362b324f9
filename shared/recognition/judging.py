"""A standard's tree applied to evidence; every node gets its result; pure."""

from collections.abc import Sequence

from shared.contracts.evidence import Advice, Evidence, Fulfilment, NodeAdvice
from shared.contracts.standards import (
    Aged,
    AllOf,
    AtLeast,
    Criterion,
    Found,
    Measured,
    PaperShown,
    Treated,
)
from shared.recognition.counting import MET, NOT_MET, NOT_SHOWN, Judged, all_of, at_least
from shared.recognition.facts import judge_aged, judge_found, judge_measured
from shared.recognition.papers import judge_papers
from shared.recognition.treatment import judge_treated
from shared.recognition.wording import NEVER_DECIDES, Said


def judge(tree: Criterion, evidence: Evidence) -> Advice:
    """Tell what a standard says about the evidence: advice, on which a named person decides (PIPL 24)."""
    root = _node(tree, evidence)
    return Advice(fulfilment=root.fulfilment, note_zh=NEVER_DECIDES.zh, note_en=NEVER_DECIDES.en, tree=root)


def _node(node: Criterion, evidence: Evidence) -> NodeAdvice:
    parts: tuple[NodeAdvice, ...] = ()
    if isinstance(node, AllOf | AtLeast):
        parts = tuple(_node(part, evidence) for part in node.of)
        judged = _joined(node, [part.fulfilment for part in parts])
    else:
        judged = _leaf(node, evidence)
    return NodeAdvice(
        id=node.id,
        text=node.text,
        fulfilment=judged.fulfilment,
        reason_zh=judged.said.zh,
        reason_en=judged.said.en,
        parts=parts,
    )


def _leaf(node: PaperShown | Treated | Measured | Found | Aged, evidence: Evidence) -> Judged:
    match node:
        case PaperShown():
            return judge_papers(node, evidence)
        case Treated():
            return judge_treated(node, evidence)
        case Measured():
            return judge_measured(node, evidence)
        case Found():
            return judge_found(node, evidence)
        case Aged():
            return judge_aged(node, evidence)


def _joined(node: AllOf | AtLeast, parts: Sequence[Fulfilment]) -> Judged:
    met, failed, open_ = parts.count(MET), parts.count(NOT_MET), parts.count(NOT_SHOWN)
    needed = node.n if isinstance(node, AtLeast) else len(parts)
    said = Said(
        f"共{len(parts)}项，需满足{needed}项：满足{met}项，不满足{failed}项，未见材料{open_}项",
        f"{needed} of {len(parts)} are needed: {met} met, {failed} not met, {open_} not shown",
    )
    return Judged(at_least(needed, parts) if isinstance(node, AtLeast) else all_of(parts), said)
