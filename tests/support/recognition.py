"""Criteria, evidence and standards for tests of recognition; everything is made up."""

from datetime import date
from typing import Any

from pydantic import TypeAdapter

from shared.contracts.evidence import Advice, Evidence
from shared.contracts.standards import Criterion, Standard, nodes_of
from shared.recognition import judge

TODAY = date(2026, 9, 30)
TREE: TypeAdapter[Criterion] = TypeAdapter(Criterion)

SUMMARY_OR_CERTIFICATE = [["discharge_summary"], ["diagnosis_certificate"]]


def a_criterion(test: str, **asked: Any) -> Criterion:
    """One criterion, or a tree of them."""
    return TREE.validate_python({"id": test, "text": "测试", "test": test, **asked})


def named(place: int, criterion: Criterion) -> Criterion:
    """The tree with ids that no other part of a larger tree has."""
    renamed = {"id": f"{place}.{criterion.id}"}
    if hasattr(criterion, "of"):
        renamed["of"] = tuple(named(place * 10 + i, part) for i, part in enumerate(criterion.of))
    return criterion.model_copy(update=renamed)


def evidence(**shown: Any) -> Evidence:
    """What was shown of an application of 30 September 2026."""
    return Evidence.model_validate({"applied_on": TODAY, **shown})


def answer(criterion: Criterion, **shown: Any) -> str:
    """What the evidence says about a criterion."""
    return judge(criterion, evidence(**shown)).fulfilment.value


def reason(criterion: Criterion, **shown: Any) -> tuple[str, str]:
    """Why, in Chinese and English."""
    tree = judge(criterion, evidence(**shown)).tree
    return tree.reason_zh, tree.reason_en


def answers(advice: Advice) -> list[str]:
    """The ids of the nodes that have an answer, from the top."""
    ids, left = [], [advice.tree]
    while left:
        node = left.pop(0)
        ids.append(node.id)
        left = [*node.parts, *left]
    return ids


def ids_of(criterion: Criterion) -> list[str]:
    """The ids of all nodes, from the top."""
    return [node.id for node in nodes_of(criterion)]


def a_standard(code: str, tree: dict[str, Any]) -> Standard:
    """A standard of a source of grade B."""
    sourced = {"src": "F-JX67", "grade": "B"}
    return Standard.model_validate(
        {
            "code": code,
            "name": {"v": "测试病种", **sourced},
            "scope": {"v": "basic", **sourced},
            "tree": {"v": tree, **sourced},
        }
    )
