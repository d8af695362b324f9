"""Processes of the chaos tests: tied to the test's life, killed at its end."""

import asyncio
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from deploy.local.preparation import ROOT
from deploy.local.processes import Part, nothing, spawn

Process = subprocess.Popen[bytes]


class Programs:
    """Starts programs of this package and leaves none behind."""

    def __init__(self, logs: Path) -> None:
        self._logs = logs
        self._started: list[Process] = []

    @classmethod
    @asynccontextmanager
    async def open(cls, logs: Path) -> AsyncIterator["Programs"]:
        programs = cls(logs)
        try:
            yield programs
        finally:
            for process in programs._started:
                process.send_signal(signal.SIGKILL)
                await asyncio.to_thread(process.wait)

    def start(self, program: str, *arguments: object) -> Process:
        """Start `tests.chaos.programs.<program>`."""
        command = (sys.executable, "-m", f"tests.chaos.programs.{program}", *map(str, arguments))
        environment = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        part = Part(
            program, command, ready=lambda: True, prepare=nothing, environment=environment, folder=ROOT
        )
        process = spawn(part, self._logs / f"chaos-{program}.log")
        self._started.append(process)
        return process


async def ended(process: Process, within: float = 150) -> int:
    """Wait until a process has ended; its exit code."""
    return await asyncio.wait_for(asyncio.to_thread(process.wait), within)
