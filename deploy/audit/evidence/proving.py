"""Proofs that events stand under signed checkpoints, and that the log only grew since."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from deploy.audit.archive import Archive
from deploy.audit.checkpointing import faults_of
from deploy.audit.evidence.gathering import Published
from shared.checkpoints import Checkpoint
from shared.errors import Refused
from shared.merkle import Frontier, LeafFile, Part, consistency_parts, inclusion_parts

AT_ONCE = 1024
"""Leaves below which a subtree is counted and its own ones are not kept."""


@dataclass(frozen=True, slots=True)
class Proven:
    """What covers the events of one topic: checkpoints without a gap up to the newest, and proofs."""

    checkpoints: Sequence[Checkpoint]
    events: Mapping[int, tuple[int, int, list[bytes]]]
    """By the number of the event: its checkpoint, its place in the log from 0, its path."""
    growth: Mapping[int, list[bytes]]
    """By the number of a checkpoint that covers events: the path to the newest."""

    def stored(self) -> bytes:
        """The proofs as a file of a pack."""
        events = {
            str(sequence): {"checkpoint": number, "index": index, "path": [one.hex() for one in path]}
            for sequence, (number, index, path) in self.events.items()
        }
        growth = {str(number): [one.hex() for one in path] for number, path in self.growth.items()}
        return json.dumps({"events": events, "growth": growth}, indent=1).encode()


def prove(archive: Archive, events: Sequence[Published], keys: Mapping[str, Ed25519PublicKey]) -> Proven:
    """Prove events of one topic.

    Raises Refused `checkpoints-altered`, or `not-signed` for an event that no checkpoint covers.
    """
    if faults := faults_of(archive, keys):
        raise Refused("checkpoints-altered", f"{archive.topic}, {faults[0]}")
    checkpoints = list(archive.all())
    log, places = _log(archive, checkpoints, {one.link.digest for one in events})
    proofs, subtrees = {}, Subtrees(log)
    for one in events:
        index = places.get(one.link.digest)
        if index is None:
            raise Refused("not-signed", f"no checkpoint covers event {one.link.sequence} of {archive.topic}")
        covering = next(point for point in checkpoints if point.size > index)
        path = subtrees.proof(inclusion_parts(covering.size, index))
        proofs[one.link.sequence] = (covering.number, index, path)
    used = sorted({number for number, _, _ in proofs.values()})
    sizes = {number: checkpoints[number - 1].size for number in used}
    growth = {n: subtrees.proof(consistency_parts(len(log), size)) for n, size in sizes.items()}
    return Proven(checkpoints[used[0] - 1 :], proofs, growth)


def _log(
    archive: Archive, checkpoints: Sequence[Checkpoint], wanted: set[bytes]
) -> tuple[LeafFile, dict[bytes, int]]:
    """The leaves of a topic from the first on, and where those that are wanted stand."""
    leaves, places = bytearray(), dict[bytes, int]()
    for checkpoint in checkpoints:
        for leaf in archive.leaves(checkpoint.number):
            if leaf.digest in wanted:
                places.setdefault(leaf.digest, len(leaves) // len(leaf.digest))
            leaves += leaf.digest
    return LeafFile(leaves), places


class Subtrees:
    """Many proofs of one log, for which its leaves are read about once."""

    def __init__(self, leaves: Sequence[bytes]) -> None:
        self._leaves = leaves
        self._roots: dict[Part, bytes] = {}

    def proof(self, parts: Sequence[Part]) -> list[bytes]:
        """The roots of the parts that a proof consists of."""
        return [self._root(*part) for part in parts]

    def _root(self, start: int, end: int) -> bytes:
        if (start, end) not in self._roots:
            self._roots[start, end] = self._made(start, end)
        return self._roots[start, end]

    def _made(self, start: int, end: int) -> bytes:
        if end - start <= AT_ONCE:
            part = Frontier()
            for leaf in self._leaves[start:end]:
                part.append(leaf)
            return part.root()
        # The left subtree is the largest whole one (RFC 9162, 2.1.1).
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        return sha256(b"\x01" + self._root(start, middle) + self._root(middle, end)).digest()
