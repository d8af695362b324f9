"""Fetch Kafka's pinned jars by their Maven coordinates and trust only their checksums."""

from __future__ import annotations

import hashlib
import logging
import os
import tomllib
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

LOCK_FILE = Path(__file__).with_name("kafka.lock.toml")
ATTEMPTS = 3
THREADS = 8
SAME_TIME = 1_700_000_000


class JarsMissing(Exception):
    """A jar could not be had whole; the text is one sentence for a person."""


@dataclass(frozen=True, slots=True)
class Jar:
    """One pinned file: Maven coordinates and the SHA-256 of its bytes (hex)."""

    group: str
    artifact: str
    version: str
    sha256: str

    @property
    def path(self) -> Path:
        """The file's place inside a Maven repository."""
        name = f"{self.artifact}-{self.version}.jar"
        return Path(*self.group.split("."), self.artifact, self.version, name)


Fetch = Callable[[Jar, Path], None]
Report = Callable[[int, int], None]


def pinned_jars(lock: Path = LOCK_FILE) -> list[Jar]:
    """The jars of the committed list."""
    entries = tomllib.loads(lock.read_text())["dependencies"]
    return [Jar(entry["group"], entry["artifact"], entry["version"], entry["sha256"]) for entry in entries]


def ensure_jars(
    jars: list[Jar], repository: Path, fetch: Fetch | None = None, report: Report | None = None
) -> list[Path]:
    """All jars, whole: a broken or half file is deleted and fetched again; JarsMissing when it stays so."""
    wanted = [jar for jar in jars if not is_whole(jar, repository)]
    if wanted:
        _fetch_all(wanted, repository, fetch or _maven(), report or _silent)
    return [repository / jar.path for jar in jars]


def is_whole(jar: Jar, repository: Path) -> bool:
    """Whether the jar's bytes in the repository are the pinned ones."""
    try:
        with (repository / jar.path).open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest() == jar.sha256
    except FileNotFoundError:
        return False


def _fetch_all(jars: list[Jar], repository: Path, fetch: Fetch, report: Report) -> None:
    with ThreadPoolExecutor(THREADS) as threads:
        work = [threads.submit(_fetch_whole, jar, repository, fetch) for jar in jars]
        try:
            for done, one in enumerate(work, start=1):
                one.result()
                report(done, len(jars))
        except BaseException:
            threads.shutdown(cancel_futures=True)
            raise


def _fetch_whole(jar: Jar, repository: Path, fetch: Fetch) -> None:
    problem = "its checksum was wrong every time"
    for _ in range(ATTEMPTS):
        (repository / jar.path).unlink(missing_ok=True)
        try:
            fetch(jar, repository)
        except OSError as failure:
            problem = f"the download failed ({type(failure).__name__}); is this machine on the network?"
        if is_whole(jar, repository):
            # Java compares times with its ahead-of-time cache, which a fresh copy must not put out of use.
            os.utime(repository / jar.path, (SAME_TIME, SAME_TIME))
            return
        (repository / jar.path).unlink(missing_ok=True)
    raise JarsMissing(f"Kafka's {jar.path.name} could not be fetched: {problem}")


def _maven() -> Fetch:
    # Imported late: only a first start needs it. Written against jgo 3.2; its `build()` is not used because
    # it looks for a Java of its own, repairs nothing and only warns about a wrong checksum.
    from jgo.maven import MavenContext

    logging.getLogger("jgo").setLevel(logging.ERROR)

    def fetch(jar: Jar, repository: Path) -> None:
        context = MavenContext(repo_cache=repository, timeout=60)
        try:
            context.project(jar.group, jar.artifact).at_version(jar.version).artifact().resolve()
        except RuntimeError as failure:
            raise OSError(str(failure)) from failure

    return fetch


def _silent(_done: int, _total: int) -> None:
    """Report nothing."""


def classpath(paths: list[Path]) -> str:
    """The jars as Java wants them named."""
    return ":".join(map(str, paths))


def versions(jars: list[Jar]) -> Mapping[str, str]:
    """The version of each artifact, for `mente doctor`."""
    return {jar.artifact: jar.version for jar in jars}
