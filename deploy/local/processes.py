"""Start, watch and end the processes of the embedded stack."""

from __future__ import annotations

import os
import pwd
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

LAUNCHER = Path(__file__).with_name("launch.py")
LOG_BYTES = 10_000_000
LINE_LENGTH = 300

# The kernel signals a child when the *thread* that forked it ends, so one thread that lives as long as the
# program starts every process, whichever thread asks.
_SPAWNER = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


class StartFailed(Exception):
    """A part of the stack did not become ready; the text is one sentence for a person."""


def nothing() -> None:
    """Do nothing: a part without preparation."""


@dataclass(frozen=True, slots=True)
class Part:
    """How one process of the stack is prepared, started, found ready and stopped.

    `orphan_signal` is what it gets when its supervisor dies: a server that keeps files ends in its own way,
    all others at once, because a graceful end could wait for a server that is gone already.
    """

    name: str
    command: tuple[str, ...]
    ready: Callable[[], bool]
    prepare: Callable[[], None] = nothing
    environment: Mapping[str, str] = field(default_factory=dict)
    folder: Path | None = None
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGTERM
    start_seconds: float = 45.0
    stop_seconds: float = 15.0
    as_nobody: bool = False


def spawn(part: Part, log: Path, lock: int | None = None) -> subprocess.Popen[bytes]:
    """Start the part in its own session, tied to this program's life, its output appended to `log`."""
    return _SPAWNER.submit(_spawn, part, log, lock).result()


def run_to_end(part: Part, log: Path, lock: int | None = None) -> None:
    """Run a preparing command to its end; StartFailed when its exit code is not 0 or its time is over."""
    process = spawn(part, log, lock)
    try:
        code = process.wait(part.start_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise StartFailed(f"{part.name} took longer than {part.start_seconds:.0f} s; see {log}") from None
    if code != 0:
        raise StartFailed(f"{part.name} failed with exit code {code}: {last_words(log)}")


def wait_ready(part: Part, process: subprocess.Popen[bytes], log: Path, stopping: Callable[[], bool]) -> None:
    """Wait until the part answers; StartFailed when it dies, takes too long or the stack is being stopped."""
    deadline = time.monotonic() + part.start_seconds
    while not part.ready():
        if process.poll() is not None:
            raise StartFailed(f"{part.name} ended with exit code {process.returncode}: {last_words(log)}")
        if stopping():
            raise StartFailed(f"{part.name} was stopped while it started")
        if time.monotonic() > deadline:
            raise StartFailed(f"{part.name} was not ready after {part.start_seconds:.0f} s; see {log}")
        time.sleep(0.02)


def end(part: Part, process: subprocess.Popen[bytes]) -> None:
    """Stop a process with its own signal, by force when it does not listen, and reap it."""
    if process.poll() is None:
        process.send_signal(signal.SIGCONT)
        process.send_signal(part.stop_signal)
    try:
        process.wait(part.stop_seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def needs_other_name() -> bool:
    """Whether PostgreSQL would refuse this user: root, or a number without a name, as in some containers."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_uid == 0
    except KeyError:
        return True


def last_words(log: Path, lines: int = 1) -> str:
    """The end of a log as one short line and where the rest is, for an error sentence."""
    try:
        text = log.read_text(errors="replace")[-4000:]
    except FileNotFoundError:
        return "it wrote nothing"
    found = [line.strip() for line in text.splitlines() if line.strip()]
    if not found:
        return "it wrote nothing"
    return f"{' | '.join(line[:LINE_LENGTH] for line in found[-lines:])} (all of it is in {log})"


def _spawn(part: Part, log: Path, lock: int | None) -> subprocess.Popen[bytes]:
    log.parent.mkdir(parents=True, exist_ok=True)
    if log.exists() and log.stat().st_size > LOG_BYTES:
        log.replace(log.with_suffix(".old.log"))
    identity = "mapped" if part.as_nobody and needs_other_name() else "plain"
    tie = (
        sys.executable,
        "-I",
        "-S",
        str(LAUNCHER),
        str(os.getpid()),
        str(int(part.orphan_signal)),
        identity,
    )
    with log.open("ab") as output:
        return subprocess.Popen(
            (*tie, *part.command),
            cwd=part.folder,
            env={**os.environ, **part.environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            pass_fds=() if lock is None else (lock,),
        )
