"""The examples that a policy file must get right, worked out with what the file would make; pure.

A vector names what is given and what must come out: `{accepted: 2026-02-10, working_days: 15, due:
2026-03-09}`, `{materials: {disease: …}, kinds: […]}`, `{search: …, codes: […]}`,
`{recognition: JX-013, evidence: {…}, expect: met, why: …}`.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from services.catalog.domain.layering import Json
from services.catalog.domain.showing import find_diseases
from shared.calendar import Calendar
from shared.contracts.calendars import CalendarDocument
from shared.contracts.policies import RegionPolicy
from shared.contracts.standards import Standard
from shared.recognition import Vector as Recognition
from shared.recognition import failure_of

MOST_DAYS = 1000


@dataclass(frozen=True, slots=True, eq=False)
class Background:
    """What vectors are worked out with: a region's policy if there is one, calendars, standards."""

    policy: RegionPolicy | None
    calendars: Sequence[CalendarDocument]
    standards: Sequence[Standard] = ()


def failures(vectors: Sequence[Json], ground: Background) -> Iterator[str]:
    """Tell each vector that comes out otherwise or that cannot be understood, by its place in the list."""
    for place, vector in enumerate(vectors, start=1):
        try:
            told = _failure(vector, ground)
        except (KeyError, TypeError, ValueError, AttributeError, OverflowError) as error:
            told = f"it is not understood ({type(error).__name__}: {error})"
        if told:
            why = f" ({vector['why']})" if isinstance(vector, dict) and vector.get("why") else ""
            yield f"vector {place}{why}: {told}"


def _failure(vector: Json, ground: Background) -> str | None:
    kind = next((kind for kind in (*KINDS, "recognition") if kind in vector), None)
    if kind == "recognition":
        told = {name: value for name, value in vector.items() if value is not None}
        return failure_of(Recognition.model_validate_json(json.dumps(told, default=str)), ground.standards)
    if kind is None:
        return f"it names none of {', '.join(KINDS)}"
    if kind != "accepted" and ground.policy is None:
        return None
    expected, found = KINDS[kind](vector, ground)
    return None if expected == found else f"{expected} was expected, {found} came out"


def _accepted(vector: Mapping[str, Json], ground: Background) -> tuple[object, object]:
    policy = ground.policy
    days = vector.get("working_days")
    if days is None:
        if policy is None:
            raise ValueError("working_days are missing, and there is no policy to take them from")
        days = policy.deadlines.sla_working_days.v
    additions = policy.calendar_additions if policy else ()
    if not isinstance(days, int) or not 0 <= days <= MOST_DAYS:
        raise ValueError(f"working_days is a whole number up to {MOST_DAYS}")
    due = Calendar.of(ground.calendars, additions).add_working_days(_day(vector["accepted"]), days)
    if "due" not in vector:
        return f"missing years {vector['missing']}", f"missing years {list(due.missing_years)}"
    provisional = bool(vector.get("provisional", False))
    return (str(vector["due"]), provisional), (due.on.isoformat(), due.provisional)


def _materials(vector: Mapping[str, Json], ground: Background) -> tuple[object, object]:
    asked = vector["materials"]
    rules = _policy(ground).materials_for(
        asked["disease"],
        asked.get("application_type", "new"),
        has_agent=asked.get("agent", False),
        is_minor=asked.get("minor", False),
    )
    return sorted(vector["kinds"]), sorted(rule.kind for rule in rules if rule.required.v)


def _search(vector: Mapping[str, Json], ground: Background) -> tuple[object, object]:
    found = find_diseases(_policy(ground).diseases, str(vector["search"]))
    return list(vector["codes"]), [disease.code for disease in found][: len(vector["codes"])]


def _policy(ground: Background) -> RegionPolicy:
    if ground.policy is None:
        raise ValueError("there is no policy to work it out with")
    return ground.policy


def _day(written: Json) -> date:
    return written if isinstance(written, date) else date.fromisoformat(str(written))


KINDS: Mapping[str, Callable[[Mapping[str, Any], Background], tuple[object, object]]] = {
    "accepted": _accepted,
    "materials": _materials,
    "search": _search,
}
