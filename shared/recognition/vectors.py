"""Recognition vectors: evidence and the answer that a standard must give to it; pure."""

from collections.abc import Iterable

from shared.contracts.base import Code, Line, Value
from shared.contracts.evidence import Evidence, Fulfilment
from shared.contracts.standards import Standard
from shared.recognition.judging import judge


class Vector(Value):
    """One rehearsed question to a standard, what it must answer, and why."""

    recognition: Code
    evidence: Evidence
    expect: Fulfilment
    why: Line


def failure_of(vector: Vector, standards: Iterable[Standard]) -> str | None:
    """Run a vector; None if the standard answers as expected, else a sentence that says what went wrong."""
    standard = next((one for one in standards if one.code == vector.recognition), None)
    if standard is None:
        return f"{vector.recognition}: there is no such standard ({vector.why})"
    advice = judge(standard.tree.v, vector.evidence)
    if advice.fulfilment is vector.expect:
        return None
    return (
        f"{vector.recognition}: expected {vector.expect}, but it is {advice.fulfilment} "
        f"({advice.tree.reason_en}): {vector.why}"
    )
