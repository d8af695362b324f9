"""A draft policy rehearsed over past applications: what would have been otherwise, counted; pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date

from deploy.policy.differences import Difference, Found
from deploy.policy.examining import compare_advice, compare_for_decision, compare_submission, is_sealed_matter
from deploy.policy.past import Past
from deploy.policy.replaying import (
    Replayed,
    as_it_was,
    as_it_would_be,
    compare_due,
    is_late,
    refused_requests,
)
from deploy.policy.sides import Ground, Sides

SEALED = (
    "Who applied is sealed and stays so: rules about agents, minors and physicians' opinions are rehearsed "
    "as for an adult who applied in person without such an opinion."
)
OPEN_PAPERS_ONLY = (
    "Advice goes by kind, age, level and stamp of the papers; what is written in them is not on the bus."
)


@dataclass(slots=True)
class Rehearsed:
    """What a rehearsal found; `versions` are those that the applications were under, `late` before and after.

    `beyond` counts the applications of regions that the draft does not reach.
    """

    read: Counter[str] = field(default_factory=Counter)
    beyond: Counter[str] = field(default_factory=Counter)
    versions: Counter[tuple[str, int]] = field(default_factory=Counter)
    due: Counter[str] = field(default_factory=Counter)
    late: list[int] = field(default_factory=lambda: [0, 0])
    found: list[Found] = field(default_factory=list)
    notes: set[str] = field(default_factory=set)

    @property
    def compared(self) -> int:
        """How many applications were gone through under both sides."""
        return self.read.total() - self.beyond.total()

    def changes(self) -> Counter[tuple[str, str]]:
        """Count the differences by kind and heading."""
        return Counter((one.difference.kind.value, one.difference.change) for one in self.found)


def rehearse(pasts: Iterable[Past], ground: Ground, today: date) -> Rehearsed:
    """Compare every application under the version it was submitted under with what the draft would make."""
    done = Rehearsed()
    for past in pasts:
        region, version = past.submitted.region, past.submitted.policy_version
        done.read[region] += 1
        if not ground.reaches(region):
            done.beyond[region] += 1
            continue
        done.versions[region, version] += 1
        sides = ground.sides(region, version)
        done.notes |= _notes(sides)
        before, after = as_it_was(past, sides.before), as_it_would_be(past, sides)
        moved, difference = compare_due(before, after)
        done.due[moved] += 1
        done.late[0] += is_late(before, today)
        done.late[1] += is_late(after, today)
        found = [*([difference] if difference else []), *_differences(past, sides, before, after)]
        done.found += [Found(past.submitted, one) for one in found]
    return done


def _differences(past: Past, sides: Sides, before: Replayed, after: Replayed) -> Iterator[Difference]:
    if sides.same_policy:
        return
    yield from compare_submission(past, sides)
    yield from compare_for_decision(before, after)
    yield from refused_requests(after)
    yield from compare_advice(before, after, sides)


def _notes(sides: Sides) -> set[str]:
    if sides.same_policy:
        return set()
    told = {SEALED} if is_sealed_matter(sides) else set()
    return told | (
        {OPEN_PAPERS_ONLY} if sides.before.policy.standards or sides.after.policy.standards else set()
    )
