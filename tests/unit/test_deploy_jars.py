"""Kafka's jars: only bytes with the pinned checksum are used, whatever a download or a disk has left."""

import hashlib
from pathlib import Path

import pytest

from deploy.local.jars import Jar, JarsMissing, ensure_jars, is_whole, pinned_jars

GOOD = b"the real bytes"
JAR = Jar("org.example", "thing", "1.0", hashlib.sha256(GOOD).hexdigest())


class Source:
    """A repository that gives the prepared answers, one a call, the last one for ever."""

    def __init__(self, *answers: bytes | OSError) -> None:
        self.answers = list(answers)
        self.calls = 0

    def fetch(self, jar: Jar, repository: Path) -> None:
        answer = self.answers[min(self.calls, len(self.answers) - 1)]
        self.calls += 1
        if isinstance(answer, OSError):
            raise answer
        path = repository / jar.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(answer)


def test_a_missing_jar_is_fetched(tmp_path: Path) -> None:
    assert ensure_jars([JAR], tmp_path, Source(GOOD).fetch) == [tmp_path / JAR.path]
    assert is_whole(JAR, tmp_path)


def test_a_whole_jar_is_not_fetched_again(tmp_path: Path) -> None:
    Source(GOOD).fetch(JAR, tmp_path)
    source = Source(GOOD)
    ensure_jars([JAR], tmp_path, source.fetch)
    assert source.calls == 0


@pytest.mark.parametrize("left", [GOOD[:5], b"", b"other bytes"])
def test_a_half_or_broken_jar_is_replaced(tmp_path: Path, left: bytes) -> None:
    Source(left).fetch(JAR, tmp_path)
    ensure_jars([JAR], tmp_path, Source(GOOD).fetch)
    assert (tmp_path / JAR.path).read_bytes() == GOOD


def test_a_bad_download_is_tried_again(tmp_path: Path) -> None:
    source = Source(b"garbage", ConnectionError("gone"), GOOD)
    ensure_jars([JAR], tmp_path, source.fetch)
    assert source.calls == 3


def test_a_jar_that_never_has_its_checksum_is_refused_and_removed(tmp_path: Path) -> None:
    with pytest.raises(JarsMissing, match=r"thing-1\.0\.jar.*checksum"):
        ensure_jars([JAR], tmp_path, Source(b"evil").fetch)
    assert not (tmp_path / JAR.path).exists()


def test_no_network_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(JarsMissing, match="on the network"):
        ensure_jars([JAR], tmp_path, Source(ConnectionError("refused")).fetch)


def test_a_jar_that_was_fetched_again_looks_like_the_one_before(tmp_path: Path) -> None:
    ensure_jars([JAR], tmp_path, Source(GOOD).fetch)
    before = (tmp_path / JAR.path).stat().st_mtime
    (tmp_path / JAR.path).write_bytes(b"half")
    ensure_jars([JAR], tmp_path, Source(GOOD).fetch)
    assert (tmp_path / JAR.path).stat().st_mtime == before


def test_progress_is_told_for_every_jar(tmp_path: Path) -> None:
    jars = [Jar("org.example", f"thing{number}", "1", JAR.sha256) for number in range(3)]
    told: list[tuple[int, int]] = []
    ensure_jars(jars, tmp_path, Source(GOOD).fetch, lambda done, total: told.append((done, total)))
    assert told == [(1, 3), (2, 3), (3, 3)]


def test_the_committed_list_is_complete_and_pins_each_jar_once() -> None:
    jars = pinned_jars()
    assert len({jar.path for jar in jars}) == len(jars) == 46
    assert all(len(jar.sha256) == 64 for jar in jars)
