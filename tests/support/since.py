"""A log with a checkpoint in its middle, and ways to alter what came after it."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

from deploy.audit.archive import Archive, Leaf, Standing
from deploy.audit.checkpointing import take_checkpoint
from deploy.audit.following import Tip
from deploy.audit.reading import cluster_of, spans_of
from deploy.audit.verifying import Claim, verify
from shared.checkpoints import OpenSlice, sign
from shared.contracts.topics import APPLICATIONS
from shared.merkle import Frontier
from tests.support.bus import Bus, fresh_topic, headers_of, value_of
from tests.support.copies import Copy
from tests.support.evidence import AUDITOR
from tests.support.samples import an_application_withdrawn
from tests.support.times import NOON

KEYS, EVENTS, BEFORE = 3, 5, 3
"""So many keys with so many events each, of which the first ones stand under checkpoint 1."""

KEYED = [f"00000000-0000-0000-0000-00000000000{number}" for number in range(1, KEYS + 1)]
AFTER = (EVENTS - BEFORE) * KEYS


class Log:
    """A topic with checkpoints that was altered on the bus."""

    def __init__(self, kafka, topic, archive):
        self.kafka, self.topic, self.archive = kafka, topic, archive
        self.honest = [record.link_there() for record in the_records(topic)]

    @classmethod
    async def open(cls, kafka, folder, alter, *, earlier=False, signed=False):
        """Publish a log; checkpoint 1 is over its first part as it was stated if `earlier` was altered too.

        What is `signed` stands, as it was stated, under a second checkpoint.
        """
        topic = (await fresh_topic(kafka, APPLICATIONS)).name
        log = cls(kafka, topic, Archive(folder.as_uri(), topic))
        async with Bus(kafka) as bus:
            for part in (False, True):
                records = [r for r in alter(the_records(topic)) if (r.place >= BEFORE) is part]
                for record in records:
                    await bus.raw(topic, record.key, record.value, list(record.headers.items()))
                if not part:
                    await log.sign(earlier)
        if signed:
            log.sign_what_was_stated()
        return log

    async def sign(self, altered):
        if altered:
            self.sign_what_was_stated(upto=BEFORE, positions=await self.ends())
        else:
            now = datetime.now(UTC)
            await asyncio.to_thread(take_checkpoint, self.kafka, self.archive, AUDITOR, now)

    async def ends(self):
        spans = await asyncio.to_thread(spans_of, self.kafka, [self.topic])
        cluster = await asyncio.to_thread(cluster_of, self.kafka)
        return cluster, {span.partition: span.end for span in spans}

    def sign_what_was_stated(self, upto=EVENTS, positions=("", {})):
        """A checkpoint over the honest events, whatever is on the bus."""
        last = self.archive.last()
        size, peaks = (last.size, self.archive.standing(last.number).peaks) if last else (0, ())
        frontier = Frontier.resume(size, peaks)
        opened, first = OpenSlice(frontier), BEFORE if last else 0
        links = [link for link in self.honest if first < link.sequence <= upto]
        for link in links:
            opened.append(link.digest)
        taken = opened.close(self.topic, last.until if last else NOON, datetime.now(UTC))
        leaves = [Leaf(link.digest, link.key, link.sequence) for link in links]
        standing = Standing(*positions, tuple(frontier.peaks))
        self.archive.keep(sign(taken, last, AUDITOR.name, AUDITOR.key), leaves, standing)

    def tips(self):
        return [Tip(self.topic, o.key, o.sequence, o.hash) for o in self.honest if o.sequence == EVENTS]

    async def found(self, *, tips=True, start=1, workers=1):
        told = self.tips() if tips else None
        starts = {self.topic: start} if start else {}
        claim = Claim([self.topic], told, [self.archive], starts)
        return await asyncio.to_thread(verify, self.kafka, claim, workers, lambda _: None)


class Placed(Copy):
    """A record of a topic; `place` is where it stood among those of its key when it was stated, from 0."""

    def __init__(self, topic, place, *parts):
        super().__init__(*parts)
        self.topic, self.place = topic, place

    def link_there(self):
        return self.link(self.headers["ce_previoushash"].decode())


def the_records(topic):
    """The events of all keys as they were stated, by key and number."""
    records = []
    for key in KEYED:
        for place in range(EVENTS):
            event = an_application_withdrawn(key, occurred_at=NOON + timedelta(seconds=place))
            named = dict(headers_of(event, place + 1, event_id(key, place), topic))
            records.append(Placed(topic, place, key.encode(), value_of(event), named))
    return records


def event_id(key, place):
    return f"{key[:-4]}{place}{key[-3:]}"


def as_it_is(records):
    return records


def with_a_bit_flipped(records, at=BEFORE):
    records[at].value = bytes([records[at].value[0] ^ 1]) + records[at].value[1:]
    return records


def with_the_last_altered(records):
    return with_a_bit_flipped(records, EVENTS - 1)


def with_one_deleted(records):
    return records[:BEFORE] + records[BEFORE + 1 :]


def with_two_swapped(records):
    one, two = records[BEFORE], records[BEFORE + 1]
    one.value, two.value = two.value, one.value
    return records


def with_the_tail_cut(records):
    return records[: EVENTS - 1] + records[EVENTS:]


def with_the_whole_tail_cut(records):
    return records[:BEFORE] + records[EVENTS:]


def rewritten_from(records, first, previous):
    for record in records[first:EVENTS]:
        record.value = record.value[:-1] + b',"reason":"rewritten"}'
        record.headers["ce_previoushash"] = previous.encode()
        previous = record.link(previous).hash
    return records


def with_a_chain_rewritten(records):
    """What follows the checkpoint is told otherwise, with hashes that fit."""
    return rewritten_from(records, BEFORE, records[BEFORE - 1].link_there().hash)


def with_a_whole_chain_rewritten(records):
    """Everything about one key is told otherwise, with hashes that fit; the checkpoint is older."""
    return rewritten_from(records, 0, "0" * 64)


def with_an_old_event_repeated(records):
    again = Placed(records[0].topic, EVENTS, records[0].key, records[0].value, records[0].headers)
    return [*records, again]


def with_an_old_event_repeated_otherwise(records):
    repeated = with_an_old_event_repeated(records)
    repeated[-1].value = repeated[-1].value[:-1] + b',"reason":"another"}'
    return repeated


def rewrite(folder, topic, name, change):
    """Alter a file of the archive; `name` is a pattern that one file fits."""
    (file,) = (Path(folder) / "checkpoints" / topic).glob(name)
    changed = change(file.read_bytes())
    assert changed != file.read_bytes()
    file.write_bytes(changed)
