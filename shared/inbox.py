"""What makes handling an event happen once: inbox rows, sequence numbers and holds, in one transaction."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from prometheus_client import Counter

from shared.contracts.base import Event
from shared.contracts.topics import Topic
from shared.outbox import Tip
from shared.postgres import Tx
from shared.received import Handler, Reader, Received, event_reader

HANDLED = Counter("events_handled_total", "Events handled", ["topic", "type"])
REPEATED = Counter("events_repeated_total", "Events dropped because they were handled before", ["topic"])
UNKNOWN = Counter("events_unknown_total", "Events of a type this reader does not know", ["topic"])
GAPS = Counter("events_gap_total", "Events that came before their predecessor", ["topic"])
BREAKS = Counter("chain_breaks_total", "Events that do not name the hash of their predecessor", ["topic"])


BROKEN = "chain-broken"
NO_LINK = "it does not name the hash of the event before it"


@dataclass(frozen=True)
class Consumer:
    """What one service does with the events of one topic."""

    service: str
    topic: Topic
    handlers: Mapping[type[Any], Handler]
    read: Reader | None = None

    @property
    def group(self) -> str:
        """The consumer group's name: one per service and topic, so that topics stop and move apart."""
        return f"{self.service}.{self.topic.name}"

    def group_id(self, cluster: str) -> str:
        """The group as Kafka knows it: another cluster's offsets mean nothing on this one.

        A consumer that has not yet noticed that its broker came back empty goes on from where it was in the
        old topics, passes over what was filled in before that, and commits; only under the old id, though.
        """
        return f"{self.group}.{cluster}"

    @property
    def reader(self) -> Reader:
        """How records are read: by the event contracts unless the consumer brings its own way."""
        if self.read is not None:
            return self.read
        return event_reader([kind for kind in self.handlers if issubclass(kind, Event)])

    @property
    def in_sequence(self) -> bool:
        """Whether sequence numbers count here: compaction leaves gaps, foreign records have none."""
        return self.topic.in_sequence


@dataclass
class Sorted:
    """A batch after comparison with what was handled before."""

    due: list[Received[Any]] = field(default_factory=list)
    early: list[Received[Any]] = field(default_factory=list)
    held: list[Received[Any]] = field(default_factory=list)
    broken: list[Received[Any]] = field(default_factory=list)
    filled_gaps: set[str] = field(default_factory=set)


ENTER = """
INSERT INTO inbox (event_id, topic) SELECT id, $2 FROM unnest($1::uuid[]) AS id
ON CONFLICT DO NOTHING RETURNING event_id"""

ADVANCE = """
INSERT INTO progress (topic, key, sequence, hash)
SELECT $1, * FROM unnest($2::text[], $3::bigint[], $4::text[])
ON CONFLICT (topic, key) DO UPDATE SET sequence = EXCLUDED.sequence, hash = EXCLUDED.hash
WHERE progress.sequence < EXCLUDED.sequence"""

LOOK = "SELECT * FROM enter_inbox($1, $2::uuid[], $3::text[])"
"""ENTER, and then what is held and how far each key has come, in one round trip."""


async def enter(tx: Tx, consumer: Consumer, batch: Sequence[Received[Any]]) -> Sorted:
    """Write the inbox rows of a batch and tell what is due, what is early and what waits behind a hold.

    Inbox rows come first: a second worker with the same events waits here, and then sees the first one's
    progress. Repeats are dropped.
    """
    topic = consumer.topic.name
    first_copies = {r.event_id: r for r in reversed(batch)}
    new: set[UUID] = set()
    held: dict[str, set[str]] = defaultdict(set)
    last: dict[str, Tip] = {}
    for row in await tx.fetch(LOOK, topic, list(first_copies), list({r.key for r in batch})):
        if row["event_id"] is not None:
            new.add(row["event_id"])
        elif row["held_by"] is not None:
            held[row["key"]].add(row["held_by"])
        else:
            last[row["key"]] = Tip(row["sequence"], row["hash"])
    fresh = [r for r in batch if r.event_id in new and first_copies[r.event_id] is r]
    REPEATED.labels(topic).inc(len(batch) - len(fresh))
    found = _sort(fresh, held, last, in_sequence=consumer.in_sequence)
    # A repeat may be what filled the gap, read again because the process ended before it went on from there.
    found.filled_gaps |= {r.key for r in batch if held.get(r.key) == {"gap"}}
    return found


def _sort(
    fresh: Iterable[Received[Any]], held: dict[str, set[str]], last: dict[str, Tip], *, in_sequence: bool
) -> Sorted:
    result = Sorted()
    for received in fresh:
        key = received.key
        if held.get(key, set()) - {"gap"}:
            result.held.append(received)
            continue
        if in_sequence and received.sequence is not None:
            before = last.get(key, Tip())
            if received.sequence <= before.sequence:
                REPEATED.labels(received.topic).inc()
                continue
            if received.sequence > before.sequence + 1:
                GAPS.labels(received.topic).inc()
                result.early.append(received)
                continue
            if received.previous != before.hash:
                BREAKS.labels(received.topic).inc()
                held[key].add(BROKEN)
                result.broken.append(received)
                continue
            last[key] = Tip(received.sequence, received.hash)
        result.due.append(received)
    early = {r.key for r in result.early}
    result.filled_gaps = {r.key for r in result.due if r.key in early}
    return result


async def handle(tx: Tx, consumer: Consumer, due: Sequence[Received[Any]]) -> None:
    """Run the handlers over a batch, wave by wave, and note how far each key has come."""
    for wave in waves(due):
        by_type: dict[type[Any], list[Received[Any]]] = defaultdict(list)
        for received in wave:
            by_type[type(received.event)].append(received)
        for kind, events in by_type.items():
            handler = consumer.handlers.get(kind)
            if handler is None:
                UNKNOWN.labels(consumer.topic.name).inc(len(events))
                continue
            await handler(tx, events)
            HANDLED.labels(consumer.topic.name, events[0].type).inc(len(events))
    if consumer.in_sequence and due:
        furthest = [(r.key, r.sequence, r.hash) for r in {r.key: r for r in due}.values()]
        await tx.execute(ADVANCE, consumer.topic.name, *map(list, zip(*furthest, strict=True)))


def waves(batch: Iterable[Received[Any]]) -> list[list[Received[Any]]]:
    """Wave i holds the i-th record of every key: distinct keys in a wave, order within a key kept."""
    found: list[list[Received[Any]]] = []
    seen: dict[str, int] = defaultdict(int)
    for received in batch:
        place = seen[received.key]
        seen[received.key] += 1
        if place == len(found):
            found.append([])
        found[place].append(received)
    return found
