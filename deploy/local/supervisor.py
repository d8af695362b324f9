"""Run the processes of one embedded stack: start and end them in order, let tests hurt one of them."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import psutil

from deploy.local import kafka, preparation, processes
from deploy.local.folder import FolderClaim
from deploy.local.parts import part_of
from deploy.local.processes import Part, StartFailed
from deploy.local.stack import SERVICES, Stack

STOP_ORDER = (*SERVICES, "caddy", "sms", "oidc", "kafka", "valkey", "postgres")


@dataclass(frozen=True, slots=True)
class Running:
    """A started process and what is needed to end or repeat it."""

    part: Part
    process: subprocess.Popen[bytes]
    since: float


def quiet(_line: str) -> None:
    """Report nothing."""


class Supervisor:
    """Owns the processes of one run folder; safe to call from any thread."""

    def __init__(
        self,
        stack: Stack,
        report: Callable[[str], None] = quiet,
        bench: bool = False,
        claim: FolderClaim | None = None,
    ) -> None:
        self.stack = stack
        self.report = report
        self.bench = bench
        self._claim = claim or FolderClaim(stack.home)
        self._running: dict[str, Running] = {}
        self._known: dict[str, Part] = {}
        self._guard = threading.RLock()
        self._stopping = threading.Event()

    def start_all(self) -> None:
        """Start every part in order; StartFailed, with everything stopped again, when one fails."""
        try:
            self.save()
            preparation.prepare_home(
                self.stack, self._report_unless_stopping, self.run_to_end, self._claim.inherited
            )
            self._start_servers([name for name in self.stack.parts if name not in (*SERVICES, "caddy")])
            services = [name for name in self.stack.parts if name in SERVICES]
            self._together([partial(preparation.migrate, self.stack, name) for name in services])
            self._start_many([*services, *(name for name in self.stack.parts if name == "caddy")])
            self.save()
        except BaseException:
            self.stop_all()
            raise

    def stop_all(self) -> None:
        """Stop everything, services first, and give the run folder back."""
        self._stopping.set()
        extra = [name for name in self._running if name not in STOP_ORDER]
        self._together([partial(self.stop, name) for name in (*extra, *SERVICES)])
        for name in STOP_ORDER[len(SERVICES) :]:
            self.stop(name)
        self._claim.release()

    def ask_to_stop(self) -> None:
        """Make a start in progress give up soon; for signal handlers."""
        self._stopping.set()

    def start(self, name: str, part: Part | None = None) -> None:
        """Start one part, as it ran before or as described, and wait until it is ready."""
        wanted = part or self._known.get(name) or part_of(name, self.stack, self.run_to_end, self.bench)
        wanted.prepare()
        log = self.log_of(name)
        process = processes.spawn(wanted, log, self._claim.inherited)
        with self._guard:
            self._known[name] = wanted
            self._running[name] = Running(wanted, process, time.monotonic())
        try:
            processes.wait_ready(wanted, process, log, self._stopping.is_set)
        except StartFailed:
            self.stop(name)
            raise

    def start_again(self, name: str) -> None:
        """Start a part that died by itself; no other process of its service may run."""
        if name in SERVICES and self.alive("kafka"):
            preparation.forget_consumers(self.stack, name)
        self.start(name)

    def stop(self, name: str) -> None:
        """Stop one part with its own signal and wait; nothing happens when it does not run."""
        with self._guard:
            running = self._running.pop(name, None)
        if running is not None:
            processes.end(running.part, running.process)

    def kill(self, name: str) -> None:
        """End one part as a crash would, SIGKILL, and reap it."""
        with self._guard:
            running = self._running.pop(name)
        running.process.kill()
        running.process.wait()

    def pause(self, name: str) -> None:
        """Freeze one part and its children (SIGSTOP)."""
        self._signal_tree(name, signal.SIGSTOP)

    def resume(self, name: str) -> None:
        """Let a frozen part go on (SIGCONT)."""
        self._signal_tree(name, signal.SIGCONT)

    def wipe(self, name: str) -> None:
        """Throw away what a stopped part has stored; only Kafka can lose its records this way."""
        if name != "kafka" or name in self._running:
            raise StartFailed("only Kafka can be wiped, and only while it is stopped")
        kafka.wipe(self.stack)

    def pid(self, name: str) -> int:
        """The process number of a running part."""
        return self._running[name].process.pid

    def alive(self, name: str) -> bool:
        """Whether the part was started and its process has not ended."""
        running = self._running.get(name)
        return running is not None and running.process.poll() is None

    def names(self) -> list[str]:
        """The parts that were started and not stopped."""
        return list(self._running)

    def seconds_alive(self, name: str) -> float:
        """How long ago the part was started last, in seconds; 0 when it is stopped."""
        running = self._running.get(name)
        return time.monotonic() - running.since if running else 0.0

    def log_of(self, name: str) -> Path:
        """The log file of a part."""
        return self.stack.logs_folder / f"{name}.log"

    def run_to_end(self, part: Part) -> None:
        """Run a preparing command to its end; StartFailed when it fails."""
        processes.run_to_end(part, self.log_of(part.name), self._claim.inherited)

    def save(self) -> None:
        """Write `stack.json` with the process numbers of this moment."""
        pids = {name: running.process.pid for name, running in self._running.items()}
        self.stack = replace(self.stack, pids=pids, supervisor=os.getpid())
        self.stack.save()

    def _start_servers(self, names: list[str]) -> None:
        follow: Mapping[str, Callable[[], None]] = {
            "postgres": lambda: preparation.make_databases(self.stack),
            "kafka": self._prepare_kafka,
        }

        def start(name: str) -> None:
            self._start_reported(name)
            follow.get(name, processes.nothing)()

        self._together([partial(start, name) for name in names])

    def _prepare_kafka(self) -> None:
        preparation.make_topics(self.stack, self.report)
        preparation.forget_consumers(self.stack)

    def _start_many(self, names: Iterable[str]) -> None:
        self._together([partial(self._start_reported, name) for name in names])

    def _report_unless_stopping(self, line: str) -> None:
        if self._stopping.is_set():
            raise StartFailed("stopped while it started")
        self.report(line)

    def _start_reported(self, name: str) -> None:
        begun = time.monotonic()
        self.start(name)
        self.report(f"{name} is ready ({time.monotonic() - begun:.1f} s)")

    def _together(self, jobs: Sequence[Callable[[], None]]) -> None:
        if not jobs:
            return
        with ThreadPoolExecutor(len(jobs)) as threads:
            work = [threads.submit(job) for job in jobs]
        for one in work:
            one.result()

    def _signal_tree(self, name: str, number: signal.Signals) -> None:
        root = psutil.Process(self.pid(name))
        for process in (root, *root.children(recursive=True)):
            process.send_signal(number)
