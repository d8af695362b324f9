"""What all embedded Kafkas of this machine share: jars, an empty formatted log, classes made ready ahead.

A broker that starts from the ahead-of-time cache needs half the processor time; making that cache takes about
ten seconds, once per version of jars and Java.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy.local import processes
from deploy.local.installed import java_binary
from deploy.local.jars import LOCK_FILE, Report, classpath, ensure_jars, pinned_jars
from deploy.local.processes import Part, StartFailed

FLAGS = ("-Xss512k", "-XX:+UseSerialGC", "-XX:-UsePerfData", "-XX:+ExitOnOutOfMemoryError")
SMALL_FLAGS = ("-Xms48m", "-Xmx192m", "-XX:TieredStopAtLevel=1")
LOG_FLAGS = (
    "-Dorg.slf4j.simpleLogger.defaultLogLevel=warn",
    "-Dorg.slf4j.simpleLogger.showDateTime=true",
    "-Dorg.slf4j.simpleLogger.dateTimeFormat=yyyy-MM-dd HH:mm:ss",
    "-Xlog:aot*=off",
    "--sun-misc-unsafe-memory-access=allow",
)
CHECKPOINT = "bootstrap.checkpoint"
AOT = "kafka.aot"
SIZE = "kafka.aot.size"
AOT_SECONDS = 120.0


def cache_folder() -> Path:
    """Where downloads are kept between runs, outside of the tree: `$MENTE_CACHE`, else the user's cache."""
    named = os.environ.get("MENTE_CACHE")
    if named:
        return Path(named).resolve()
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mente"


def jar_folder() -> Path:
    """The Maven repository of Kafka's jars inside the cache."""
    return cache_folder() / "jars"


def shared_folder() -> Path:
    """The folder of the formatted log and the ahead-of-time cache for exactly these jars and this Java."""
    java = java_binary()
    seen = hashlib.sha256(LOCK_FILE.read_bytes())
    seen.update((java.parents[1] / "release").read_bytes())
    seen.update(" ".join((*FLAGS, *SMALL_FLAGS, str(jar_folder()))).encode())
    return cache_folder() / f"kafka-{seen.hexdigest()[:16]}"


def java_command(flags: tuple[str, ...]) -> tuple[str, ...]:
    """Java with Kafka on its class path."""
    jars = [jar_folder() / jar.path for jar in pinned_jars()]
    return (str(java_binary()), *flags, *FLAGS, *LOG_FLAGS, "-cp", classpath(jars))


def aot_flags() -> tuple[str, ...]:
    """The flag that uses the ahead-of-time cache, when there is one."""
    found = shared_folder() / AOT
    return (f"-XX:AOTCache={found}",) if found.exists() else ()


def ensure_kafka(
    report: Report, say: Callable[[str], None], describe: Callable[[Path], Part], lock: int
) -> None:
    """Jars, formatted log and ahead-of-time cache; JarsMissing when the jars cannot be had.

    `describe` gives the broker of a run folder, `lock` is the descriptor that every process inherits.
    """
    with _one_at_a_time():
        ensure_jars(pinned_jars(), jar_folder(), report=report)
        folder = shared_folder()
        if not is_finished(folder):
            say("Kafka: making later starts fast (once, about ten seconds)")
            _make_shared(folder, describe, lock)


def is_finished(folder: Path) -> bool:
    """Whether the shared files are there and whole; brokers also work without such a cache, only slower."""
    try:
        return int((folder / SIZE).read_text()) == _size(folder / AOT) and (folder / CHECKPOINT).exists()
    except (OSError, ValueError):
        return False


def format_command(settings: Path, cluster_id: str) -> tuple[str, ...]:
    """The command that makes an empty log."""
    tool = ("kafka.tools.StorageTool", "format", "--ignore-formatted", "-t", cluster_id)
    return (*java_command(SMALL_FLAGS), *tool, "-c", str(settings))


def _make_shared(folder: Path, describe: Callable[[Path], Part], lock: int) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    draft = Path(tempfile.mkdtemp(prefix="kafka-draft-", dir=cache_folder()))
    try:
        broker = describe(draft)
        broker.prepare()
        shutil.copy(draft / "kafka" / "data" / CHECKPOINT, draft / CHECKPOINT)
        _train(broker, draft, lock)
        shutil.rmtree(draft / "kafka")
        (draft / SIZE).write_text(str(_size(draft / AOT)))
        draft.rename(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def _train(broker: Part, draft: Path, lock: int) -> None:
    log = draft / "training.log"
    process = processes.spawn(broker, log, lock)
    try:
        processes.wait_ready(broker, process, log, lambda: False)
    except StartFailed:
        (draft / AOT).unlink(missing_ok=True)  # brokers start without it, only slower
    finally:
        processes.end(broker, process)


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


@contextmanager
def _one_at_a_time() -> Iterator[None]:
    cache_folder().mkdir(parents=True, exist_ok=True)
    with (cache_folder() / "kafka.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
