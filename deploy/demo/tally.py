"""The count over many applications: what was taken, opened, decided and told, what was lost or doubled."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from deploy.demo.bus import Seen
from deploy.demo.clients import Answer
from deploy.demo.persons import Figure
from shared.contracts.submissions import ApplicantClass, Receipt

ONCE = ("application-submitted", "case-opened", "decision-made")
"""What happens to an application once."""

OUTCOMES = frozenset({"approved", "rejected"})
TOLD = ("submitted", "accepted", "decided")
TEXTS = tuple(("sms", told) for told in TOLD)
MESSAGES = (*TEXTS, *(("in_app", told) for told in TOLD))
"""What every person is told by which way."""


@dataclass(frozen=True, slots=True)
class Plan:
    """One application of many: who wants what where by which way, and how it is to end."""

    figure: Figure
    region: str
    channel: str
    disease: tuple[str, str]
    applicant_class: ApplicantClass
    by_bus: bool
    approved: bool
    desk: int


@dataclass(slots=True)
class Life:
    """What became of a plan; without a receipt it was never taken."""

    plan: Plan
    begun_at: datetime
    receipt: Receipt | None = None
    problem: str | None = None


@dataclass(slots=True)
class Tally:
    """The count of one run; times in seconds, `problems` by what went wrong."""

    planned: int = 0
    submitted: int = 0
    applications: int = 0
    cases: int = 0
    decided: int = 0
    messages: int = 0
    texts: int = 0
    doubled: int = 0
    problems: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0
    to_task: list[float] = field(default_factory=list)
    to_text: list[float] = field(default_factory=list)

    @property
    def lost(self) -> int:
        """What should be there for each application that was taken, and is not."""
        found = self.applications + self.cases + self.decided + self.messages + self.texts
        return self.submitted * len((*ONCE, *MESSAGES, *TEXTS)) - found

    @property
    def whole(self) -> bool:
        """Whether all were taken, nothing was lost or doubled, and nothing went wrong on the way."""
        return self.submitted == self.planned and not (self.lost or self.doubled or self.problems)

    def as_dict(self) -> dict[str, Any]:
        """The count for programs."""
        counts = ("planned", "submitted", "applications", "cases", "decided", "messages", "texts")
        return {
            **{name: getattr(self, name) for name in counts},
            "expected_messages": self.submitted * len(MESSAGES),
            "lost": self.lost,
            "doubled": self.doubled,
            "seconds": round(self.seconds, 2),
            "per_second": round(self.planned / self.seconds, 1) if self.seconds else None,
            "submit_to_task": spread(self.to_task),
            "decision_to_sms": spread(self.to_text),
            "problems": dict(self.problems),
        }


def count(lives: Sequence[Life], records: Iterable[Seen], texts: Iterable[Answer], seconds: float) -> Tally:
    """Count what the bus and the SMS gateway hold about these applications."""
    tally = Tally(planned=len(lives), seconds=seconds)
    calls = {text["reference"]: text["calls"] for text in texts}
    by_key: defaultdict[str, list[Seen]] = defaultdict(list)
    for record in records:
        by_key[record.key].append(record)
    tally.problems.update(life.problem for life in lives if life.problem)
    for life in lives:
        if life.receipt is not None:
            tally.submitted += 1
            _count_one(tally, life, by_key[str(life.receipt.application_id)], calls)
    tally.doubled += _applied_twice(lives, by_key)
    return tally


def spread(seconds: Sequence[float]) -> dict[str, float] | None:
    """Say how times are spread: p50, p95 and p99 in seconds; None without any."""
    if not seconds:
        return None
    ordered = sorted(seconds)
    last = len(ordered) - 1
    return {f"p{part}": round(ordered[min(last, len(ordered) * part // 100)], 3) for part in (50, 95, 99)}


def _count_one(tally: Tally, life: Life, records: Sequence[Seen], calls: Mapping[str, int]) -> None:
    times = {record.type: record.at for record in records}
    types = Counter(record.type for record in records)
    tally.applications += types["application-submitted"] > 0
    tally.cases += types["case-opened"] > 0
    tally.decided += types["decision-made"] > 0
    tally.doubled += sum(max(0, types[kind] - 1) for kind in ONCE)
    for record in records:
        if record.type == "case-opened":
            tally.to_task.append((record.published_at - life.begun_at).total_seconds())
    sent = [(json.loads(record.body), record) for record in records if record.type == "message-sent"]
    told = Counter((message["channel"], message["template"]) for message, _ in sent)
    tally.messages += min(len(told), len(MESSAGES))
    tally.doubled += max(0, told.total() - len(MESSAGES))
    for message, record in sent:
        if message["channel"] != "sms":
            continue
        taken = calls.get(message["message_id"], 0)
        tally.texts += taken > 0
        tally.doubled += max(0, taken - 1)
        if message["template"] in OUTCOMES and "decision-made" in times:
            tally.to_text.append((record.at - times["decision-made"]).total_seconds())


def _applied_twice(lives: Sequence[Life], by_key: Mapping[str, Sequence[Seen]]) -> int:
    """Count the applications that one person has beyond the first: each person of a run applies once."""
    persons = {str(life.receipt.person_id) for life in lives if life.receipt}
    applied = Counter(
        person
        for records in by_key.values()
        for person in {json.loads(r.body)["person_id"] for r in records if r.type == "application-submitted"}
        if person in persons
    )
    return applied.total() - len(applied)
