"""Three-valued counting: met, not met, or not shown; pure."""

from collections.abc import Sequence
from typing import NamedTuple

from shared.contracts.evidence import Fulfilment
from shared.recognition.wording import Said

MET, NOT_MET, NOT_SHOWN = Fulfilment.MET, Fulfilment.NOT_MET, Fulfilment.NOT_SHOWN


class Judged(NamedTuple):
    """What the evidence says about one criterion or one piece of evidence, and why."""

    fulfilment: Fulfilment
    said: Said


def all_of(parts: Sequence[Fulfilment]) -> Fulfilment:
    """Join parts that must all be met."""
    if NOT_MET in parts:
        return NOT_MET
    return NOT_SHOWN if NOT_SHOWN in parts else MET


def at_least(n: int, parts: Sequence[Fulfilment]) -> Fulfilment:
    """Join parts of which n must be met; not met once n can no longer be reached."""
    if parts.count(MET) >= n:
        return MET
    return NOT_SHOWN if len(parts) - parts.count(NOT_MET) >= n else NOT_MET


def enough(needed: int, shown: Sequence[Fulfilment]) -> Fulfilment:
    """Count pieces of evidence of which so many must do.

    Too few are not met, unless none was shown or one that was shown leaves open whether it does.
    """
    if shown.count(MET) >= needed:
        return MET
    return NOT_SHOWN if not shown or NOT_SHOWN in shown else NOT_MET
