"""The chains of some partitions followed, from their first events or from a checkpoint on, in one process."""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, MutableSequence, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from confluent_kafka import Message

from deploy.audit.buckets import Buckets
from deploy.audit.reading import Span, link_of, records_of
from shared.chain import ChainCheck, Link

if TYPE_CHECKING:
    # Every process imports this module first of all; what only few need would keep all of them waiting.
    from deploy.audit.archive import Archive

UNREADABLE = "unreadable"
TAIL_MISSING = "tail-missing"
OTHER_END = "other-end"
VANISHED = "vanished"
NEVER_STATED = "never-stated"
SENTENCES = {
    UNREADABLE: "This record is no event: a header of the envelope is missing or not text.",
    TAIL_MISSING: "The service that wrote this chain has stated more events than there are on the bus.",
    VANISHED: "A checkpoint was signed over this event, and it is not on the bus any more as it was.",
    NEVER_STATED: "The service that wrote this chain never stated this event, or another one in its place.",
    OTHER_END: "The service that wrote this chain knows another event by this number.",
}


@dataclass(frozen=True, slots=True)
class Tip:
    """What a service says of a chain that it wrote: the number and the hash of its last event."""

    topic: str
    key: str
    sequence: int
    hash: str


@dataclass(frozen=True, slots=True)
class Break:
    """The first thing that is wrong with the chain of a key; partition and offset where a record shows it."""

    topic: str
    key: str
    sequence: int
    fault: str
    sentence: str
    partition: int | None = None
    offset: int | None = None


@dataclass(slots=True)
class Findings:
    """What was read and what was wrong with it; `beyond` are sound chains that go on after their tips.

    Their writers stated that in the meantime, or somebody else did: `add_unstated` tells which.
    """

    events: Counter[str] = field(default_factory=Counter)
    chains: Counter[str] = field(default_factory=Counter)
    breaks: list[Break] = field(default_factory=list)
    beyond: list[Tip] = field(default_factory=list)

    def __add__(self, other: Findings) -> Findings:
        return Findings(
            self.events + other.events,
            self.chains + other.chains,
            self.breaks + other.breaks,
            self.beyond + other.beyond,
        )

    def add_unstated(self, known: Iterable[Tip]) -> None:
        """Name every chain beyond its tip that its writer knows shorter, or to end otherwise, even now."""
        ends = {(tip.topic, tip.key): tip for tip in known}
        for one in self.beyond:
            end = ends.get((one.topic, one.key))
            if end is None or end.sequence < one.sequence or (end != one and end.sequence == one.sequence):
                self.breaks.append(
                    Break(one.topic, one.key, one.sequence, NEVER_STATED, SENTENCES[NEVER_STATED])
                )


@dataclass(frozen=True, slots=True)
class Entry:
    """Where the chains of a topic are entered: after the leaves up to a checkpoint."""

    archive: Archive
    start: int
    partitions: int


@dataclass(frozen=True, slots=True)
class Share:
    """What one process looks at: whole partitions, the tips of the keys in them, and where it enters."""

    number: int
    workers: int
    spans: Sequence[Span]
    tips: Sequence[Tip]
    folder: Path | None
    entries: Sequence[Entry] = ()
    has_tips: bool = False

    def takes(self, key: str, partitions: int) -> bool:
        """Whether a key lies in a partition of this share."""
        from shared.publishing import partition_of

        return partition_of(key, partitions) % self.workers == self.number


_read: MutableSequence[int]
"""How many records each share has read, in memory that all processes see."""


def begin(read: MutableSequence[int]) -> None:
    """Prepare a process for `follow`, which counts the records by the number of the share."""
    global _read  # noqa: PLW0603 a process has one
    _read = read
    # Nothing here refers back to itself, and looking for that takes a fifth of the time.
    gc.disable()


def follow(kafka: str, share: Share) -> Findings:
    """Follow the chains of a share and compare them with what is known of them; raises KafkaSilent."""
    check, count = ChainCheck(), 0
    found = Findings(breaks=[fault for entry in share.entries for fault in _enter(check, entry, share)])
    buckets = Buckets(share.folder, f"bus-{share.number}") if share.folder else None
    for batch in records_of(kafka, share.spans):
        for message in batch:
            link = link_of(message)
            if fault := _take(check, message, link):
                found.breaks.append(fault)
            if buckets and link:
                buckets.add(link.digest)
        found.events.update(Counter(str(message.topic()) for message in batch))
        count += len(batch)
        _read[share.number] = count
    if buckets:
        buckets.close()
    found.breaks += [fault for tip in share.tips if (fault := _compare(check, tip))]
    found.chains.update(check.chains())
    if share.has_tips:
        found.beyond += _beyond(check, share.tips)
    return found


def _beyond(check: ChainCheck, tips: Sequence[Tip]) -> Iterator[Tip]:
    known = {(tip.topic, tip.key): tip.sequence for tip in tips}
    for topic, key, head in check.heads():
        if head.sequence > known.get((topic, key), 0):
            yield Tip(topic, key, head.sequence, head.hash)


def _enter(check: ChainCheck, entry: Entry, share: Share) -> Iterator[Break]:
    topic = entry.archive.topic
    for number in range(1, entry.start + 1):
        for leaf in entry.archive.leaves(number):
            if share.takes(leaf.key, entry.partitions) and (
                fault := check.enter(topic, leaf.key, leaf.sequence, leaf.digest)
            ):
                yield Break(topic, leaf.key, leaf.sequence, fault, fault.sentence)


def _take(check: ChainCheck, message: Message, link: Link | None) -> Break | None:
    place: Mapping[str, Any] = {"partition": message.partition(), "offset": message.offset()}
    if link is None:
        key = bytes(message.key() or b"").decode(errors="replace")
        return Break(str(message.topic()), key, 0, UNREADABLE, SENTENCES[UNREADABLE], **place)
    fault = check.take(link)
    if fault is None:
        return None
    return Break(link.topic, link.key, link.sequence, fault, fault.sentence, **place)


def _compare(check: ChainCheck, tip: Tip) -> Break | None:
    if check.is_broken(tip.topic, tip.key):
        return None
    head = check.head(tip.topic, tip.key)
    if head is None or head.sequence < tip.sequence:
        return Break(tip.topic, tip.key, tip.sequence, TAIL_MISSING, SENTENCES[TAIL_MISSING])
    if not check.holds(tip.topic, tip.key, tip.sequence, tip.hash):
        return Break(tip.topic, tip.key, tip.sequence, OTHER_END, SENTENCES[OTHER_END])
    return None
