"""An append-only Merkle log after RFC 9162 (SHA-256): roots, and proofs of inclusion and of growth; pure."""

from collections.abc import Iterator, Sequence
from hashlib import sha256
from mmap import mmap
from typing import Self, overload

LEAF_BYTES = 32
"""Of a record of a `LeafFile`, and of every hash here."""

EMPTY_ROOT = sha256().digest()
"""The root of a log without leaves."""

Part = tuple[int, int]
"""Leaves of a log, from the first number up to the second."""

# No log comes near it; a claimed size beyond would only buy an attacker slow arithmetic.
_MOST_LEAVES = 2**63
_READ_AT_ONCE = 4096


class LeafFile(Sequence[bytes]):
    """The 32-byte leaves of a buffer, such as a mapped file; nothing is copied before it is read."""

    __slots__ = ("_buffer", "_places")

    def __init__(self, buffer: bytes | bytearray | mmap) -> None:
        """Lay records of 32 bytes over the buffer; ValueError when the last one is not whole."""
        if len(buffer) % LEAF_BYTES:
            raise ValueError(f"{len(buffer)} bytes are not a whole number of leaves of {LEAF_BYTES} bytes")
        self._buffer = buffer
        self._places = range(0, len(buffer), LEAF_BYTES)

    def __len__(self) -> int:
        return len(self._places)

    @overload
    def __getitem__(self, at: int) -> bytes: ...
    @overload
    def __getitem__(self, at: slice) -> "LeafFile": ...
    def __getitem__(self, at: int | slice) -> "bytes | LeafFile":
        if isinstance(at, slice):
            part = LeafFile.__new__(LeafFile)
            part._buffer, part._places = self._buffer, self._places[at]
            return part
        place = self._places[at]
        return bytes(self._buffer[place : place + LEAF_BYTES])

    def __iter__(self) -> Iterator[bytes]:
        buffer = self._buffer
        return (bytes(buffer[place : place + LEAF_BYTES]) for place in self._places)


class Frontier:
    """A growing log of which only the roots of its whole subtrees are kept, one for each bit of its size."""

    __slots__ = ("_peaks", "_size")

    def __init__(self) -> None:
        self._size = 0
        self._peaks: list[bytes] = []

    @classmethod
    def resume(cls, size: int, peaks: Sequence[str]) -> Self:
        """Go on from a `size` and its `peaks` in hex; ValueError when they do not belong together."""
        hashes = [bytes.fromhex(peak) for peak in peaks]
        if size < 0 or len(hashes) != size.bit_count() or any(len(peak) != LEAF_BYTES for peak in hashes):
            raise ValueError(f"a log of {size} leaves has one peak of {LEAF_BYTES} bytes for each bit of it")
        frontier = cls()
        frontier._size, frontier._peaks = size, hashes
        return frontier

    @property
    def size(self) -> int:
        """How many leaves the log has."""
        return self._size

    @property
    def peaks(self) -> list[str]:
        """The roots of the whole subtrees in hex, largest first: all that `resume` needs beside the size."""
        return [peak.hex() for peak in self._peaks]

    def append(self, leaf: bytes) -> None:
        """Add a leaf: the input, not its hash."""
        node = sha256(b"\x00" + leaf).digest()
        carry = self._size
        while carry & 1:
            node = sha256(b"\x01" + self._peaks.pop() + node).digest()
            carry >>= 1
        self._peaks.append(node)
        self._size += 1

    def root(self) -> bytes:
        """The 32 bytes that stand for all leaves and their order."""
        if not self._peaks:
            return EMPTY_ROOT
        root = self._peaks[-1]
        for peak in reversed(self._peaks[:-1]):
            root = _node(peak, root)
        return root


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """Show that `leaves[index]`, counted from 0, is in the log: the hashes beside its path, from the leaf up.

    Reads every other leaf once and keeps none. IndexError outside of the log.
    """
    return [_root_between(leaves, *part) for part in inclusion_parts(len(leaves), index)]


def inclusion_parts(size: int, index: int) -> list[Part]:
    """The parts of a log whose roots are the proof of a leaf; IndexError outside of the log."""
    if not 0 <= index < size:
        raise IndexError(f"there is no leaf {index} in a log of {size}")
    beside: list[Part] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _left_of(end - start)
        if index < middle:
            beside.append((middle, end))
            end = middle
        else:
            beside.append((start, middle))
            start = middle
    return beside[::-1]


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """Show that the log only grew since it had `old_size` leaves; IndexError if it never had as many.

    Nothing need be shown for an old log that was empty or is the whole log: then the list is empty.
    """
    return [_root_between(leaves, *part) for part in consistency_parts(len(leaves), old_size)]


def consistency_parts(size: int, old_size: int) -> list[Part]:
    """The parts of a log whose roots show that it grew; IndexError if it never had the old size."""
    if not 0 <= old_size <= size:
        raise IndexError(f"a log of {size} leaves was never one of {old_size}")
    if old_size == 0:
        return []
    parts: list[Part] = []
    start, end = 0, size
    while end != old_size:
        middle = start + _left_of(end - start)
        if old_size <= middle:
            parts.append((middle, end))
            end = middle
        else:
            parts.append((start, middle))
            start = middle
    if start:
        parts.append((start, end))
    return parts[::-1]


def verify_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Tell whether the leaf stands at `index` of the log with this size and root (RFC 9162, 2.1.3.2)."""
    if not (isinstance(leaf, bytes) and _are_sizes(index, size) and index < size and _are_hashes(proof)):
        return False
    place, last, node = index, size - 1, sha256(b"\x00" + leaf).digest()
    for beside in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            node = _node(beside, node)
            place, last = _past_missing(place, last)
        else:
            node = _node(node, beside)
        place, last = place >> 1, last >> 1
    return last == 0 and node == root


def verify_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Tell whether the new log begins with the whole old log (RFC 9162, 2.1.4.2).

    Every log begins with the empty one.
    """
    if not (_are_sizes(old_size, new_size) and _are_hashes(proof) and _are_hashes([old_root, new_root])):
        return False
    if old_size == new_size:
        return not proof and old_root == new_root and (old_size > 0 or old_root == EMPTY_ROOT)
    if old_size == 0:
        return not proof and old_root == EMPTY_ROOT
    if old_size > new_size or not proof:
        return False
    # A whole subtree is its own beginning; RFC 9162 leaves it out of the proof.
    path = [old_root, *proof] if old_size.bit_count() == 1 else list(proof)
    return _both_roots(old_size, new_size, path) == (old_root, new_root)


def _both_roots(old_size: int, new_size: int, path: list[bytes]) -> tuple[bytes, bytes] | None:
    """The roots of the old and the new log that the path leads to; None if its length is wrong."""
    place, last = old_size - 1, new_size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old = new = path[0]
    for beside in path[1:]:
        if last == 0:
            return None
        if place & 1 or place == last:
            old, new = _node(beside, old), _node(beside, new)
            place, last = _past_missing(place, last)
        else:
            new = _node(new, beside)
        place, last = place >> 1, last >> 1
    return (old, new) if last == 0 else None


def _past_missing(place: int, last: int) -> tuple[int, int]:
    """Climb the levels where the last node of an unfinished tree has no sibling and is handed up as it is."""
    while place and not place & 1:
        place, last = place >> 1, last >> 1
    return place, last


def _root_between(leaves: Sequence[bytes], start: int, end: int) -> bytes:
    part = Frontier()
    for place in range(start, end, _READ_AT_ONCE):
        for leaf in leaves[place : min(end, place + _READ_AT_ONCE)]:
            part.append(leaf)
    return part.root()


def _left_of(width: int) -> int:
    """The size of the left subtree: the largest power of two below the width."""
    return 1 << ((width - 1).bit_length() - 1)


def _node(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def _are_sizes(*sizes: object) -> bool:
    return all(isinstance(size, int) and 0 <= size < _MOST_LEAVES for size in sizes)


def _are_hashes(hashes: object) -> bool:
    return isinstance(hashes, Sequence) and all(
        isinstance(one, bytes) and len(one) == LEAF_BYTES for one in hashes
    )
