"""Start parts again that ended by themselves, with growing pauses."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from aiokafka.errors import KafkaError

from deploy.local.processes import StartFailed
from deploy.local.supervisor import Supervisor

FIRST_PAUSE = 1.0
LONGEST_PAUSE = 30.0
STEADY_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Restart:
    """When a dead part is started again (monotonic seconds), and after which pause."""

    at: float
    pause: float


class Watch:
    """Looks after the parts that run when it is made."""

    def __init__(self, supervisor: Supervisor, report: Callable[[str], None]) -> None:
        self._supervisor = supervisor
        self._report = report
        self._names = supervisor.names()
        self._planned: dict[str, Restart] = {}
        self._pauses: dict[str, float] = {}

    def look(self) -> None:
        """Note who died since the last look and start those whose pause is over."""
        for name in self._names:
            if name in self._planned:
                self._start_when_due(name)
            elif not self._supervisor.alive(name):
                self._plan(name, self._supervisor.seconds_alive(name))

    def _plan(self, name: str, lived: float) -> None:
        pause = next_pause(self._pauses.get(name, 0.0), lived)
        self._pauses[name] = pause
        self._planned[name] = Restart(time.monotonic() + pause, pause)
        log = self._supervisor.log_of(name)
        self._report(f"{name} ended by itself; it is started again in {pause:.0f} s (see {log})")

    def _start_when_due(self, name: str) -> None:
        if time.monotonic() < self._planned[name].at:
            return
        del self._planned[name]
        try:
            self._supervisor.start_again(name)
        except (StartFailed, KafkaError, OSError) as failure:
            self._report(str(failure))
            self._plan(name, 0.0)
            return
        self._supervisor.save()
        self._report(f"{name} is ready again")


def next_pause(last: float, lived: float) -> float:
    """Seconds before a part is started again: doubled each time, short again after a steady minute."""
    if last == 0.0 or lived >= STEADY_SECONDS:
        return FIRST_PAUSE
    return min(last * 2, LONGEST_PAUSE)
