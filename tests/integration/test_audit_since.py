"""Verifying from a checkpoint on: what came after it is followed, what came before is not read."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.audit.archive import Archive, Leaf, Standing
from deploy.audit.checkpointing import base_at, faults_of, take_checkpoint
from deploy.audit.following import OTHER_END, TAIL_MISSING, VANISHED, Tip
from deploy.audit.reading import cluster_of, spans_of
from deploy.audit.verifying import Claim, verify
from shared.chain import ChainFault
from shared.checkpoints import OpenSlice, sign
from shared.contracts.topics import APPLICATIONS
from shared.errors import Refused
from shared.merkle import Frontier
from tests.support.bus import Bus, fresh_topic, headers_of, value_of
from tests.support.copies import Copy
from tests.support.evidence import AUDITOR, PUBLIC
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


@pytest.mark.parametrize("workers", [1, 2])
@pytest.mark.parametrize("alter", [as_it_is, with_an_old_event_repeated])
async def test_what_came_after_is_sound_and_what_came_before_is_not_read(kafka, tmp_path, alter, workers):
    log = await Log.open(kafka, tmp_path, alter, signed=True)
    found = await log.found(workers=workers)
    assert found.breaks == []
    assert found.chains[log.topic] == KEYS
    assert found.events[log.topic] in {AFTER, AFTER + 1}
    assert (await log.found(start=2)).breaks == []
    assert faults_of(log.archive, PUBLIC, 1) == faults_of(log.archive, PUBLIC, 2) == []


@pytest.mark.parametrize(
    ("alter", "fault"),
    [
        (with_a_bit_flipped, ChainFault.BROKEN_LINK),
        (with_the_last_altered, OTHER_END),
        (with_one_deleted, ChainFault.GAP),
        (with_two_swapped, ChainFault.BROKEN_LINK),
        (with_the_tail_cut, TAIL_MISSING),
        (with_the_whole_tail_cut, TAIL_MISSING),
        (with_a_chain_rewritten, OTHER_END),
        (with_an_old_event_repeated_otherwise, ChainFault.OTHER_CONTENT),
    ],
)
async def test_each_alteration_after_the_checkpoint_is_found(kafka, tmp_path, alter, fault):
    log = await Log.open(kafka, tmp_path, alter)
    found = await log.found()
    assert fault in {one.fault for one in found.breaks}
    assert {one.key for one in found.breaks} == {KEYED[0]}


@pytest.mark.parametrize(
    "alter", [with_the_last_altered, with_the_tail_cut, with_the_whole_tail_cut, with_a_chain_rewritten]
)
async def test_a_later_checkpoint_alone_shows_it_too(kafka, tmp_path, alter):
    log = await Log.open(kafka, tmp_path, alter, signed=True)
    found = await log.found(tips=False)
    assert {(one.key, one.fault) for one in found.breaks} >= {(KEYED[0], VANISHED)}
    assert {one.key for one in found.breaks} == {KEYED[0]}


async def test_a_chain_that_was_rewritten_as_a_whole_does_not_go_on_from_what_was_signed(kafka, tmp_path):
    log = await Log.open(kafka, tmp_path, with_a_whole_chain_rewritten, earlier=True)
    found = await log.found(tips=False)
    (fault,) = found.breaks
    assert (fault.key, fault.sequence, fault.fault) == (KEYED[0], BEFORE + 1, ChainFault.BROKEN_LINK)


async def test_an_alteration_of_what_came_before_is_only_found_from_the_first_event_on(kafka, tmp_path):
    log = await Log.open(kafka, tmp_path, lambda records: with_a_bit_flipped(records, 1), earlier=True)
    assert (await log.found()).breaks == []
    faults = {one.fault for one in (await log.found(start=0)).breaks}
    assert faults == {ChainFault.BROKEN_LINK, VANISHED}


async def test_on_another_cluster_everything_is_read(kafka, tmp_path):
    log = await Log.open(kafka, tmp_path, as_it_is)
    rewrite(tmp_path, log.topic, "000001-*.next", lambda raw: raw.replace(b'"cluster": "', b'"cluster": "x'))
    found = await log.found()
    assert found.breaks == []
    assert found.events[log.topic] == KEYS * EVENTS


def rewrite(folder, topic, name, change):
    (file,) = (Path(folder) / "checkpoints" / topic).glob(name)
    changed = change(file.read_bytes())
    assert changed != file.read_bytes()
    file.write_bytes(changed)


@pytest.mark.parametrize(
    ("name", "change", "says"),
    [
        ("000001-*.leaves", lambda raw: raw[32:] + raw[:32], "not those that were signed"),
        ("000001-*.leaves", lambda raw: raw[:-32], "as many leaves"),
        ("000001-*.index", lambda raw: raw[: raw.rindex(b"\n", 0, -1) + 1], "as many leaves"),
        (
            "000001-*.next",
            lambda raw: raw.replace(b'"peaks": ["', b'"peaks": ["00').replace(b'"]', b'"]'),
            "",
        ),
        ("000001.json", lambda raw: raw.replace(b'"since":"2020', b'"since":"2019'), "signature"),
    ],
)
async def test_a_checkpoint_that_is_not_what_was_signed_begins_nothing(kafka, tmp_path, name, change, says):
    log = await Log.open(kafka, tmp_path, as_it_is)
    rewrite(tmp_path, log.topic, name, change)
    faults = faults_of(log.archive, PUBLIC, 1)
    assert any(says in fault for fault in faults), faults


async def test_other_peaks_are_not_the_signed_root(kafka, tmp_path):
    log = await Log.open(kafka, tmp_path, as_it_is)
    peak = log.archive.standing(1).peaks[0].encode()
    rewrite(tmp_path, log.topic, "000001-*.next", lambda raw: raw.replace(peak, b"0" * 64))
    (fault,) = faults_of(log.archive, PUBLIC, 1)
    assert "not what was signed" in fault


async def test_leaves_under_another_name_are_found_where_the_chain_goes_on(kafka, tmp_path):
    log = await Log.open(kafka, tmp_path, as_it_is)
    one, other = KEYED[0].encode(), KEYED[1].encode()
    swap = {one: other, other: one}
    rewrite(
        tmp_path,
        log.topic,
        "000001-*.index",
        lambda raw: b"\n".join(swap.get(line[:36], line[:36]) + line[36:] for line in raw.split(b"\n")),
    )
    assert {fault.key for fault in (await log.found()).breaks} == {KEYED[0], KEYED[1]}


async def test_of_two_runs_at_once_the_one_that_was_late_leaves_the_others_checkpoint_whole(kafka, tmp_path):
    log = await Log.open(kafka, tmp_path, as_it_is)
    first, leaves = log.archive.number(1), list(log.archive.leaves(1))
    opened = OpenSlice(Frontier())
    for leaf in leaves[1:]:
        opened.append(leaf.digest)
    late = opened.close(log.topic, first.since, first.until)
    with pytest.raises(Refused, match="checkpoint-exists"):
        log.archive.keep(sign(late, None, AUDITOR.name, AUDITOR.key), leaves[1:], Standing("elsewhere"))
    assert list(log.archive.leaves(1)) == leaves
    assert log.archive.standing(1).cluster != "elsewhere"
    assert faults_of(log.archive, PUBLIC) == []


async def test_a_moment_is_rounded_down_to_the_last_checkpoint(kafka, tmp_path):
    log = await Log.open(kafka, tmp_path, as_it_is, signed=True)
    first, second = log.archive.all()
    moment = timedelta(microseconds=1)
    assert base_at(log.archive, first.until - moment) is None
    assert base_at(log.archive, first.until).number == 1
    assert base_at(log.archive, second.until - moment).number == 1
    assert base_at(log.archive, second.until + moment).number == 2
