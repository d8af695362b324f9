"""Look at the machine and the run folder, and say in plain sentences what to do."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from deploy.local import installed
from deploy.local.folder import is_held, supervisor_pid
from deploy.local.jars import is_whole, pinned_jars
from deploy.local.kafka_cache import cache_folder, jar_folder
from deploy.local.ports import port_is_free
from deploy.local.processes import needs_other_name
from deploy.local.stack import Stack

NEEDED_BYTES = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: whether it is fine, and a sentence that says so or what to do."""

    fine: bool
    text: str


def examine(home: Path) -> list[Finding]:
    """Everything that has ever kept a stack from starting."""
    return [
        python(sys.version_info[:2]),
        *(_program(name, find) for name, find in PROGRAMS),
        cache(cache_folder()),
        *(disk(place) for place in one_per_disk(_existing(home), _existing(cache_folder()))),
        jars(jar_folder()),
        running(home),
        ports(home),
        user(),
    ]


def python(version: tuple[int, ...]) -> Finding:
    """Whether this Python is new enough."""
    shown = ".".join(map(str, version))
    if version >= (3, 11):
        return Finding(True, f"Python {shown} runs this.")
    return Finding(False, f"Python {shown} is too old: install 3.11 or newer.")


def cache(folder: Path) -> Finding:
    """Whether downloads can be kept."""
    if os.access(_existing(folder), os.W_OK):
        return Finding(True, f"Downloads are kept in {folder}.")
    return Finding(False, f"{folder} cannot be written: set MENTE_CACHE to a folder that can.")


def disk(folder: Path) -> Finding:
    """Whether there is room."""
    free = shutil.disk_usage(folder).free
    shown = f"{free / 1_000_000_000:.1f} GB free at {folder}"
    if free >= NEEDED_BYTES:
        return Finding(True, f"There are {shown}.")
    return Finding(False, f"There are only {shown}: make room for about 1 GB.")


def one_per_disk(*folders: Path) -> list[Path]:
    """One folder of each file system."""
    return list({folder.stat().st_dev: folder for folder in folders}.values())


def jars(folder: Path) -> Finding:
    """Whether Kafka's jars are the pinned ones."""
    pinned = pinned_jars()
    broken = [jar.path.name for jar in pinned if not is_whole(jar, folder)]
    if not broken:
        return Finding(True, f"All {len(pinned)} jars of Kafka have their checksums.")
    if len(broken) == len(pinned):
        return Finding(True, "Kafka's jars are not here yet; the next start fetches them.")
    return Finding(False, f"Jars missing or broken: {', '.join(broken)}; the next start fetches them again.")


def running(home: Path) -> Finding:
    """Whether a supervisor runs, and whether a dead one left processes."""
    pid = supervisor_pid(home)
    if pid:
        return Finding(True, f"Mente runs in {home} (process {pid}); `mente status` says more.")
    if not is_held(home / "processes.lock"):
        return Finding(True, f"Nothing runs in {home} and nothing was left over.")
    left = ", ".join(f"{name} ({number})" for name, number in _last(home).pids.items() if _alive(number))
    return Finding(False, f"Processes were left over: {left or 'unknown'}; end them with `kill`.")


def ports(home: Path) -> Finding:
    """Whether the ports of the last time are free; taken ones only mean that others are chosen."""
    if supervisor_pid(home) or not (home / "stack.json").exists():
        return Finding(True, "Ports are chosen among the free ones.")
    taken = [f"{name} {port}" for name, port in _last(home).ports.items() if not port_is_free(port)]
    if not taken:
        return Finding(True, "The ports of the last time are free.")
    return Finding(True, f"Taken by other programs: {', '.join(taken)}; the next start chooses others.")


def user() -> Finding:
    """Whether PostgreSQL, which refuses root and users without a name, can be started here."""
    if not needs_other_name():
        return Finding(True, "An ordinary user runs this.")
    limit = Path("/proc/sys/user/max_user_namespaces")
    if limit.exists() and int(limit.read_text()) > 0:
        return Finding(True, "PostgreSQL refuses this user and gets a user namespace.")
    return Finding(False, "PostgreSQL refuses this user: start as an ordinary one.")


PROGRAMS: tuple[tuple[str, Callable[[], Path]], ...] = (
    ("PostgreSQL", lambda: installed.postgres_binary("postgres")),
    ("Valkey", installed.valkey_binary),
    ("Java", installed.java_binary),
    ("Caddy", installed.caddy_binary),
)


def _program(name: str, find: Callable[[], Path]) -> Finding:
    try:
        return Finding(True, f"{name} is installed at {find()}.")
    except installed.NotInstalled as missing:
        return Finding(False, f"{name}: {missing}.")


def _last(home: Path) -> Stack:
    try:
        return Stack.load(home)
    except (OSError, ValueError, KeyError):
        return Stack(home=home, ports={})


def _alive(pid: int) -> bool:
    return Path(f"/proc/{pid}").exists()


def _existing(folder: Path) -> Path:
    return next(place for place in (folder, *folder.parents) if place.exists())
