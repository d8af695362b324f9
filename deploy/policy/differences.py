"""What would have been otherwise for an application, in words; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from shared.contracts.applications import ApplicationSubmitted


class Kind(StrEnum):
    """What a difference is about."""

    DEADLINE = "due date"
    ELIGIBILITY = "intake"
    MATERIALS = "materials"
    WARNINGS = "warnings"
    REQUESTS = "requests"
    ADVICE = "advice"


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that would have been otherwise: under which heading it is counted, from what to what, why."""

    kind: Kind
    change: str
    before: str
    after: str
    reason: str


@dataclass(frozen=True, slots=True)
class Found:
    """A difference and the application it was found in."""

    submitted: ApplicationSubmitted
    difference: Difference

    def facts(self) -> dict[str, str]:
        """The difference for programs."""
        one = self.difference
        return {
            "application_id": str(self.submitted.application_id),
            "acceptance_no": self.submitted.acceptance_no,
            "region": self.submitted.region,
            "kind": one.kind.value,
            "change": one.change,
            "before": one.before,
            "after": one.after,
            "reason": one.reason,
        }


def examples(found: Sequence[Found], kind: Kind) -> list[Found]:
    """Give the differences of one kind, by turns of every heading, so that a rare one is seen as well."""
    seen: Counter[str] = Counter()
    placed = []
    for one in found:
        if one.difference.kind is kind:
            placed.append((seen[one.difference.change], one))
            seen[one.difference.change] += 1
    return [one for _, one in sorted(placed, key=lambda pair: pair[0])]
