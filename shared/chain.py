"""The hash chain of the events of one key: each names the hash of the one before; pure."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from hashlib import sha256

FIRST = "0" * 64
"""What the first event of a key names as the hash before it."""

_FORMAT = "mente-event-1"
_HASH_BYTES = 32
# Of each earlier hash this much is kept: nobody finds two contents that share it (2^64 tries), and the
# chains of a whole topic fit into memory.
_KEPT_BYTES = 16


class ChainFault(StrEnum):
    """What is wrong with an event's place in the chain of its key."""

    WRONG_FIRST = "wrong-first"
    GAP = "gap"
    BROKEN_LINK = "broken-link"
    OTHER_CONTENT = "repeat-with-other-content"

    @property
    def sentence(self) -> str:
        """Say it in one plain sentence."""
        return _SENTENCES[self]


_SENTENCES = {
    ChainFault.WRONG_FIRST: "The first event of this key is not number 1, or it names an event before it.",
    ChainFault.GAP: "One or more events are missing before this one.",
    ChainFault.BROKEN_LINK: "The event before this one is not the one that this one was written after.",
    ChainFault.OTHER_CONTENT: "An event with this number was there before, with other content.",
}


# Not frozen: an audit makes one of each event, and a frozen one takes twice as long to make.
@dataclass(slots=True)
class Link:
    """An event as published, and the hash of the one before it; `time` is the text of `ce_time`.

    `digest` is the hash of it, SHA-256 over every field and then the body: a leaf of the topic's log. The
    topic is not hashed: a copy elsewhere is as good, and a type belongs to one topic only.
    """

    topic: str
    key: str
    event_id: str
    type: str
    time: str
    sequence: int
    previous: str
    body: bytes
    digest: bytes = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Refuse with ValueError a field with a line break, which could pass for two fields, or not UTF-8."""
        head = (
            f"{_FORMAT}\n{self.key}\n{self.event_id}\n{self.type}\n{self.time}\n"
            f"{self.sequence}\n{self.previous}\n"
        ).encode()
        if head.count(b"\n") != 7:
            raise ValueError("no field of an event but its body has a line break")
        self.digest = sha256(head + self.body).digest()

    @property
    def hash(self) -> str:
        """The digest in hex, as the next event of the key names it."""
        return self.digest.hex()


@dataclass(frozen=True, slots=True)
class Head:
    """How far the chain of a key has come: the number of its last event, and that one's hash in hex."""

    sequence: int
    hash: str


class ChainCheck:
    """Follows the chains of all keys while their events are read in the order of the bus."""

    __slots__ = ("_broken", "_chains")

    def __init__(self) -> None:
        # By topic and key: a few bytes of each hash, all bytes of the last one.
        self._chains: dict[bytes, bytearray] = {}
        self._broken: set[bytes] = set()

    def take(self, link: Link) -> ChainFault | None:
        """Tell what breaks at this event; a byte-identical repeat is no fault, however late.

        Only the first break of a key is told: what follows it proves nothing. None is then given for the
        later events of that key, and `is_broken` remembers.
        """
        place = _place(link.topic, link.key)
        if place in self._broken:
            return None
        return self._told(place, self._follow(place, link))

    def enter(self, topic: str, key: str, sequence: int, digest: bytes) -> ChainFault | None:
        """Take an event's hash as known, in order, so that a chain can be followed from there on."""
        place = _place(topic, key)
        if place in self._broken:
            return None
        length = _length(self._chains[place]) if place in self._chains else 0
        fault = None
        if sequence == length + 1:
            self._append(place, digest)
        elif sequence > length:
            fault = ChainFault.GAP
        elif not _stands(self._chains.get(place, bytearray()), sequence, digest):
            fault = ChainFault.OTHER_CONTENT
        return self._told(place, fault)

    def head(self, topic: str, key: str) -> Head | None:
        """Tell how far a sound chain has come, to be compared with what its writer knows; None if broken."""
        chain = self._chains.get(_place(topic, key))
        return Head(_length(chain), chain[-_HASH_BYTES:].hex()) if chain else None

    def heads(self) -> Iterator[tuple[str, str, Head]]:
        """The topic, the key and the end of every sound chain."""
        for place, chain in self._chains.items():
            topic, _, key = place.decode().partition("\n")
            yield topic, key, Head(_length(chain), chain[-_HASH_BYTES:].hex())

    def holds(self, topic: str, key: str, sequence: int, digest: str) -> bool:
        """Tell whether a sound chain has this hash, in hex, at this number."""
        chain = self._chains.get(_place(topic, key))
        return chain is not None and _stands(chain, sequence, bytes.fromhex(digest))

    def is_broken(self, topic: str, key: str) -> bool:
        """Tell whether a fault of this key was found."""
        return _place(topic, key) in self._broken

    def chains(self) -> Counter[str]:
        """How many chains of each topic were followed without a fault."""
        return Counter(place.split(b"\n", 1)[0].decode() for place in self._chains)

    @property
    def sound(self) -> int:
        """How many chains were followed without a fault."""
        return len(self._chains)

    @property
    def broken(self) -> int:
        """How many chains have a fault."""
        return len(self._broken)

    def _follow(self, place: bytes, link: Link) -> ChainFault | None:
        chain = self._chains.get(place)
        if chain is None:
            if link.sequence != 1 or link.previous != FIRST:
                return ChainFault.WRONG_FIRST
            self._append(place, link.digest)
            return None
        length = _length(chain)
        if link.sequence <= length:
            return None if _stands(chain, link.sequence, link.digest) else ChainFault.OTHER_CONTENT
        if link.sequence > length + 1:
            return ChainFault.GAP
        if link.previous != chain[-_HASH_BYTES:].hex():
            return ChainFault.BROKEN_LINK
        self._append(place, link.digest)
        return None

    def _append(self, place: bytes, digest: bytes) -> None:
        chain = self._chains.setdefault(place, bytearray())
        del chain[max(0, len(chain) - _HASH_BYTES + _KEPT_BYTES) :]
        chain += digest

    def _told(self, place: bytes, fault: ChainFault | None) -> ChainFault | None:
        if fault:
            self._broken.add(place)
            self._chains.pop(place, None)
        return fault


def _place(topic: str, key: str) -> bytes:
    # A topic's name has no line break, so no two pairs share a place.
    return f"{topic}\n{key}".encode()


def _length(chain: bytearray) -> int:
    return (len(chain) - _HASH_BYTES) // _KEPT_BYTES + 1


def _stands(chain: bytearray, sequence: int, digest: bytes) -> bool:
    """Tell whether the chain holds this event at this number."""
    start = (sequence - 1) * _KEPT_BYTES
    return chain[start : start + _KEPT_BYTES] == digest[:_KEPT_BYTES]
