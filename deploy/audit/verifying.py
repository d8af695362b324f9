"""Every chain of the bus followed from its first event, by as many processes as there are cores."""

from __future__ import annotations

import multiprocessing
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from multiprocessing.managers import DictProxy
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from confluent_kafka import Message

from deploy.audit.archive import Archive
from deploy.audit.buckets import Buckets
from deploy.audit.checkpointing import vanished
from deploy.audit.reading import Span, link_of, records_of, spans_of
from shared.chain import ChainCheck, Link
from shared.publishing import partition_of

TELL_EVERY = 0.2
"""Seconds between two words of progress."""

UNREADABLE = "unreadable"
TAIL_MISSING = "tail-missing"
OTHER_END = "other-end"
VANISHED = "vanished"
SENTENCES = {
    UNREADABLE: "This record is no event: a header of the envelope is missing or not text.",
    TAIL_MISSING: "The service that wrote this chain has stated more events than there are on the bus.",
    VANISHED: "A checkpoint was signed over this event, and it is not on the bus any more as it was.",
    OTHER_END: "The service that wrote this chain knows another event by this number.",
}

Progress = Callable[[int], None]


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
    """What was read and what was wrong with it."""

    events: Counter[str] = field(default_factory=Counter)
    chains: Counter[str] = field(default_factory=Counter)
    breaks: list[Break] = field(default_factory=list)

    def __add__(self, other: Findings) -> Findings:
        return Findings(self.events + other.events, self.chains + other.chains, self.breaks + other.breaks)


@dataclass(frozen=True, slots=True)
class Claim:
    """What the bus is compared with: topics, the ends of chains as their writers told them, checkpoints.

    Everything up to the `tips` was published before they were told.
    """

    topics: Sequence[str]
    tips: Sequence[Tip] = ()
    archives: Sequence[Archive] = ()


def verify(kafka: str, claim: Claim, workers: int, progress: Progress) -> Findings:
    """Read topics from their beginnings; `progress` is given the number of records so far, now and then.

    Raises KafkaSilent.
    """
    with TemporaryDirectory(prefix="mente-audit-") as folder:
        found = _verify_chains(kafka, claim, workers, (Path(folder), progress))
        for archive in claim.archives:
            for leaf in vanished(archive, Path(folder)):
                found.breaks.append(
                    Break(archive.topic, leaf.key, leaf.sequence, VANISHED, SENTENCES[VANISHED])
                )
    return found


def _verify_chains(kafka: str, claim: Claim, workers: int, told: tuple[Path, Progress]) -> Findings:
    folder, progress = told
    spans = spans_of(kafka, claim.topics)
    partitions = Counter(span.topic for span in spans)
    shares = [
        _Share(
            [span for span in spans if span.partition % workers == number],
            [tip for tip in claim.tips if partition_of(tip.key, partitions[tip.topic]) % workers == number],
            folder if claim.archives else None,
        )
        for number in range(workers)
    ]
    context = multiprocessing.get_context("spawn")
    with context.Manager() as manager, ProcessPoolExecutor(workers, mp_context=context) as pool:
        read = manager.dict()
        running = [pool.submit(verify_share, kafka, share, n, read) for n, share in enumerate(shares)]
        while wait(running, TELL_EVERY).not_done:
            progress(sum(read.values()))
        return sum((one.result() for one in running), Findings())


@dataclass(frozen=True, slots=True)
class _Share:
    """What one process looks at: whole partitions, and the tips of the keys in them."""

    spans: Sequence[Span]
    tips: Sequence[Tip]
    folder: Path | None


def verify_share(
    kafka: str, share: _Share, number: int, read: DictProxy[int, int] | dict[int, int]
) -> Findings:
    """Follow the chains of some partitions; `read[number]` counts the records."""
    check, found, count = ChainCheck(), Findings(), 0
    buckets = Buckets(share.folder, f"bus-{number}") if share.folder else None
    for batch in records_of(kafka, share.spans):
        for message in batch:
            link = link_of(message)
            if fault := _take(check, message, link):
                found.breaks.append(fault)
            if buckets and link:
                buckets.add(link.digest)
            found.events[str(message.topic())] += 1
        count += len(batch)
        read[number] = count
    if buckets:
        buckets.close()
    found.breaks += [fault for tip in share.tips if (fault := _compare(check, tip))]
    found.chains.update(check.chains())
    return found


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
