"""What a run asked of Mente and what it was answered; the invariants are judged by it."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

Key = tuple[str, str]
"""Channel and idempotency key."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer to one try; `replay` when it says that the submission was taken before."""

    status: int
    body: bytes
    replay: bool = False


@dataclass(frozen=True, slots=True)
class Duel:
    """Several decisions of one case sent at the same moment, and the statuses they were answered."""

    application_id: UUID
    statuses: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Poison:
    """A record that was put on a topic and can never be handled; `readers` park it."""

    name: str
    topic: str
    partition: int
    offset: int
    key: bytes | None
    body: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    readers: tuple[str, ...]


@dataclass
class Recorder:
    """Every submission, every answer, every try that got none."""

    asked: dict[Key, bytes] = field(default_factory=dict)
    answers: dict[Key, list[Answer]] = field(default_factory=lambda: defaultdict(list))
    failed_tries: Counter[str] = field(default_factory=Counter)
    duels: list[Duel] = field(default_factory=list)
    poison: list[Poison] = field(default_factory=list)

    def receipts(self) -> dict[Key, dict[str, Any]]:
        """The receipt of every acknowledged submission, as it was given first."""
        return {
            key: json.loads(taken[0].body)
            for key, answers in self.answers.items()
            if (taken := [answer for answer in answers if answer.status == 201])
        }

    def found_committed(self) -> int:
        """How many first answers were repeats: committed before, and the answer lost with the process."""
        return sum(answers[0].replay for answers in self.answers.values() if answers)

    def application_ids(self) -> list[UUID]:
        """The applications that were acknowledged."""
        return [UUID(receipt["application_id"]) for receipt in self.receipts().values()]

    def received(self) -> dict[str, datetime]:
        """When each acknowledged application was handed in, by its receipt."""
        return {
            receipt["application_id"]: datetime.fromisoformat(receipt["submitted_at"])
            for receipt in self.receipts().values()
        }
