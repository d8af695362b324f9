"""Hashes on disk, spread by their first byte, so that two large sets are compared in little memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from shared.merkle import LEAF_BYTES

NUMBER = 64
AT_ONCE = 1 << 16


class Buckets:
    """One set of hashes: files `<bucket>@<name>` in a folder."""

    def __init__(self, folder: Path, name: str) -> None:
        self._folder, self._name = folder, name
        self._waiting: dict[int, bytearray] = defaultdict(bytearray)

    def add(self, digest: bytes) -> None:
        """Take one hash of 32 bytes; another length is kept as a hash that is nowhere else."""
        number = (digest[0] if digest else 0) % NUMBER
        waiting = self._waiting[number]
        waiting += digest.ljust(LEAF_BYTES, b"\x00")
        if len(waiting) >= AT_ONCE:
            self._write(number)

    def close(self) -> None:
        """Write what still waits."""
        for number in list(self._waiting):
            self._write(number)

    def _write(self, number: int) -> None:
        with (self._folder / f"{number}@{self._name}").open("ab") as file:
            file.write(self._waiting.pop(number))


def missing_from(folder: Path, name: str) -> set[bytes]:
    """The hashes of one set that are in no other set of the folder."""
    missing: set[bytes] = set()
    for number in range(NUMBER):
        files = {file.name.partition("@")[2]: file for file in folder.glob(f"{number}@*")}
        if name in files:
            asked = set(_digests(files.pop(name)))
            missing |= asked.difference(*map(_digests, files.values()))
    return missing


def _digests(file: Path) -> Iterator[bytes]:
    raw = file.read_bytes()
    return (raw[place : place + LEAF_BYTES] for place in range(0, len(raw), LEAF_BYTES))
