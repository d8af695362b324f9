"""Checkpoints in an object store, each with the leaves of its slice; what is kept is never written again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import ObjectStore, from_url

from shared.checkpoints import Checkpoint, read
from shared.errors import Refused, Unavailable
from shared.merkle import LEAF_BYTES


class Leaf(NamedTuple):
    """An event in the log of its topic: the 32 bytes of its hash, and which event it is."""

    digest: bytes
    key: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the next slice begins: the log's peaks, and the next offset of each partition of a cluster."""

    cluster: str = ""
    positions: Mapping[int, int] = field(default_factory=dict)
    peaks: tuple[str, ...] = ()


class Archive:
    """The checkpoints of one topic under `checkpoints/<topic>/` of an object store."""

    def __init__(self, url: str, topic: str) -> None:
        self._store: ObjectStore = from_url(url, mkdir=True) if url.startswith("file:") else from_url(url)
        self.url = url
        self.topic = topic

    def last(self) -> Checkpoint | None:
        """The newest checkpoint; None before the first."""
        newest = None
        for checkpoint in self.all():
            newest = checkpoint
        return newest

    def all(self) -> Iterator[Checkpoint]:
        """Every checkpoint from the first on; raises Unreadable for one that was altered into nonsense."""
        number = 1
        while (stored := self._get(f"{number:06d}.json")) is not None:
            yield read(stored)
            number += 1

    def number(self, wanted: int) -> Checkpoint | None:
        """One checkpoint by its number; raises Unreadable."""
        stored = self._get(f"{wanted:06d}.json")
        return None if stored is None else read(stored)

    def count(self) -> int:
        """How many checkpoints there are, readable or not."""
        number = 0
        while self._get(f"{number + 1:06d}.json") is not None:
            number += 1
        return number

    def leaves(self, number: int) -> Iterator[Leaf]:
        """The leaves of a slice in order; fewer or others than were signed when somebody altered them."""
        name = self._beside(number)
        digests = self._get(f"{name}.leaves") or b""
        names = (self._get(f"{name}.index") or b"").decode(errors="replace").splitlines()
        for place, named in enumerate(names):
            key, _, sequence = named.rpartition("\t")
            digest = digests[place * LEAF_BYTES : (place + 1) * LEAF_BYTES]
            if len(digest) < LEAF_BYTES:
                return
            yield Leaf(digest, key, int(sequence) if sequence.isdecimal() else 0)

    def standing(self, number: int) -> Standing:
        """Where the slice after a checkpoint begins."""
        stored = json.loads(self._get(f"{self._beside(number)}.next") or b"{}")
        positions = {int(partition): offset for partition, offset in stored.get("positions", {}).items()}
        return Standing(stored.get("cluster", ""), positions, tuple(stored.get("peaks", ())))

    def keep(self, checkpoint: Checkpoint, leaves: list[Leaf], standing: Standing) -> None:
        """Store a checkpoint after what belongs to it; raises Refused `checkpoint-exists`.

        Another run that makes the same number leaves what belongs to this one alone, whoever is first.
        """
        name = _beside(checkpoint)
        after = {
            "cluster": standing.cluster,
            "positions": dict(standing.positions),
            "peaks": list(standing.peaks),
        }
        self._put(f"{name}.leaves", b"".join(leaf.digest for leaf in leaves))
        self._put(f"{name}.index", "".join(f"{leaf.key}\t{leaf.sequence}\n" for leaf in leaves).encode())
        self._put(f"{name}.next", json.dumps(after).encode())
        try:
            place = self._path(f"{checkpoint.number:06d}.json")
            self._store.put(place, checkpoint.stored(), mode="create")
        except AlreadyExistsError:
            told = f"checkpoint {checkpoint.number:06d} of {self.topic} was made by somebody else"
            raise Refused("checkpoint-exists", told) from None

    def _beside(self, number: int) -> str:
        checkpoint = self.number(number)
        return _beside(checkpoint) if checkpoint else ""

    def _path(self, name: str) -> str:
        return f"checkpoints/{self.topic}/{name}"

    def _get(self, name: str) -> bytes | None:
        try:
            return bytes(self._store.get(self._path(name)).bytes())
        except (NotFoundError, FileNotFoundError):
            return None
        except BaseError as error:
            raise Unavailable("object-store-away", "the object store does not answer") from error

    def _put(self, name: str, content: bytes) -> None:
        try:
            self._store.put(self._path(name), content)
        except BaseError as error:
            raise Unavailable("object-store-away", "the object store does not answer") from error


def _beside(checkpoint: Checkpoint) -> str:
    """What the files that belong to a checkpoint are called: by its number and the hash of its leaves."""
    return f"{checkpoint.number:06d}-{checkpoint.leaves_hash[:16]}"
