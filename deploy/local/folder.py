"""One supervisor per run folder, and no start beside processes that a crashed one left."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

LEFTOVER_SECONDS = 20.0


class AlreadyRuns(Exception):
    """A supervisor holds the run folder; the text is one sentence for a person."""


class FolderClaim:
    """The run folder, held by this program until `release`.

    Two locks: `supervisor.lock` is ours alone and says whether a supervisor lives; `processes.lock` is
    inherited by every child, so it is free only when the last child of an earlier run is gone.
    """

    def __init__(self, home: Path, seconds: float = LEFTOVER_SECONDS) -> None:
        home.mkdir(mode=0o700, parents=True, exist_ok=True)
        own = _lock(home / "supervisor.lock")
        if own is None:
            raise AlreadyRuns(f"Mente runs in {home} already (process {supervisor_pid(home)}).")
        os.truncate(own, 0)
        os.write(own, str(os.getpid()).encode())
        inherited = _lock_within(home / "processes.lock", seconds)
        if inherited is None:
            os.close(own)
            raise AlreadyRuns(f"Processes of an earlier run in {home} do not end; `mente doctor` lists them.")
        self._own = own
        self.inherited = inherited

    def release(self) -> None:
        """Give the folder back; a second call does nothing."""
        if self.inherited >= 0:
            os.close(self.inherited)
            os.close(self._own)
            self.inherited = self._own = -1


def supervisor_pid(home: Path) -> int:
    """The process number of the supervisor that holds the folder; 0 when none does."""
    path = home / "supervisor.lock"
    if not is_held(path):
        return 0
    text = path.read_text().strip()
    return int(text) if text else 0


def is_held(path: Path) -> bool:
    """Whether some process holds the lock file."""
    if not path.exists():
        return False
    descriptor = _lock(path)
    if descriptor is None:
        return True
    os.close(descriptor)
    return False


def wait_until_free(home: Path, seconds: float) -> bool:
    """Whether supervisor and children of the folder were all gone within the time."""
    deadline = time.monotonic() + seconds
    while is_held(home / "supervisor.lock") or is_held(home / "processes.lock"):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _lock_within(path: Path, seconds: float) -> int | None:
    deadline = time.monotonic() + seconds
    while (descriptor := _lock(path)) is None and time.monotonic() < deadline:
        time.sleep(0.05)
    return descriptor


def _lock(path: Path) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor
