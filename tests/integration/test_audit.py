"""What an audit finds on real Kafka: nothing in what was stated, everything in what was altered."""

import asyncio
import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from deploy.audit.archive import Archive
from deploy.audit.checkpointing import Signer, faults_of, take_checkpoint
from deploy.audit.following import (
    NEVER_STATED,
    OTHER_END,
    TAIL_MISSING,
    UNREADABLE,
    VANISHED,
    Tip,
)
from deploy.audit.history import lines_of
from deploy.audit.verifying import Claim, verify
from shared.chain import ChainFault
from shared.contracts.topics import APPLICATIONS
from shared.relay import Relay
from tests.support.bus import Bus, fresh_topic
from tests.support.copies import Copy, sequence_of
from tests.support.ledger import Ledger
from tests.support.loops import running

TIPS = "SELECT topic, key, sequence, hash FROM chains WHERE topic = $1"
KEYS, EVENTS = 4, 5
KEY = Ed25519PrivateKey.from_private_bytes(b"\x05" * 32)
PUBLIC = {"auditor": KEY.public_key()}


@pytest.fixture(scope="module")
async def proven(servers, tmp_path_factory):
    """A ledger whose events are published, so many of each key, with two checkpoints of its topic."""
    ledger = await Ledger.open(servers, KEYS)
    archive = Archive(tmp_path_factory.mktemp("objects").as_uri(), ledger.topic.name)
    async with running(Relay(ledger.database, service="intake", kafka=ledger.kafka)):
        for number in range(EVENTS):
            await asyncio.gather(*(ledger.state(key) for key in ledger.keys))
            await ledger.published()
            if number in {2, EVENTS - 1}:
                assert (await signed(ledger, archive)).size == KEYS * (number + 1)
    yield ledger, archive
    await ledger.database.close()


@pytest.fixture
def stated(proven):
    return proven[0]


async def signed(ledger, archive):
    """The next checkpoint of the ledger's topic."""
    signer = Signer("auditor", KEY)
    return await asyncio.to_thread(take_checkpoint, ledger.kafka, archive, signer, datetime.now(UTC))


async def tips_of(ledger, topic):
    """The ends of the chains as their writer knows them, as if they had been written to `topic`."""
    rows = await ledger.database.fetch(TIPS, ledger.topic.name)
    return [replace(Tip(*row), topic=topic) for row in rows]


async def found_in(ledger, topic, workers=1, archives=()):
    tips = None if archives else await tips_of(ledger, topic)
    claim = Claim([topic], tips, archives)
    return await asyncio.to_thread(verify, ledger.kafka, claim, workers, lambda _: None)


async def copied(ledger, alter: Callable[[list], list]):
    """Another topic with the same records, altered on the way; its name."""
    topic = (await fresh_topic(ledger.kafka, APPLICATIONS)).name
    async with Bus(ledger.kafka) as bus:
        records = await bus.read(ledger.topic.name, KEYS * EVENTS)
        records.sort(key=lambda record: (record.key, sequence_of(record)))
        for record in alter([Copy(r.key, r.value, dict(r.headers)) for r in records]):
            await bus.raw(topic, record.key, record.value, list(record.headers.items()))
    return topic


def as_it_is(records):
    return records


def twice(records):
    return [*records, *records]


def with_a_bit_flipped(records):
    records[1].value = bytes([records[1].value[0] ^ 1]) + records[1].value[1:]
    return records


def with_one_deleted(records):
    return records[:2] + records[3:]


def with_two_swapped(records):
    one, two = records[1], records[2]
    one.value, two.value = two.value, one.value
    return records


def with_the_tail_cut(records):
    return records[: EVENTS - 1] + records[EVENTS:]


def with_the_last_altered(records):
    last = records[EVENTS - 1]
    last.value = bytes([last.value[0] ^ 1]) + last.value[1:]
    return records


def with_a_whole_chain_deleted(records):
    return records[EVENTS:]


def with_one_added(records):
    """A further event that fits, which nobody stated."""
    last = records[EVENTS - 1]
    added = Copy(last.key, last.value, dict(last.headers))
    added.headers["ce_sequence"] = str(EVENTS + 1).encode()
    added.headers["ce_previoushash"] = last.link(last.headers["ce_previoushash"].decode()).hash.encode()
    return [*records[:EVENTS], added, *records[EVENTS:]]


def with_a_header_lost(records):
    del records[0].headers["ce_previoushash"]
    return records


def with_a_chain_rewritten(records):
    """Everything about one key is told otherwise, with hashes that fit."""
    previous = "0" * 64
    for record in records[:EVENTS]:
        record.value = record.value[:-1] + b',"reason":"rewritten"}'
        record.headers["ce_previoushash"] = previous.encode()
        previous = record.link(previous).hash
    return records


@pytest.mark.parametrize("alter", [as_it_is, twice])
async def test_what_was_stated_is_sound_however_often_it_came(stated, alter):
    found = await found_in(stated, await copied(stated, alter))
    assert found.breaks == []
    assert sum(found.chains.values()) == KEYS


async def test_two_processes_find_the_same_as_one(stated):
    topic = await copied(stated, with_a_bit_flipped)
    one, two = await found_in(stated, topic), await found_in(stated, topic, workers=2)
    assert one == two


@pytest.mark.parametrize(
    ("alter", "fault"),
    [
        (with_a_bit_flipped, ChainFault.BROKEN_LINK),
        (with_one_deleted, ChainFault.GAP),
        (with_two_swapped, ChainFault.BROKEN_LINK),
        (with_the_tail_cut, TAIL_MISSING),
        (with_the_last_altered, OTHER_END),
        (with_a_whole_chain_deleted, TAIL_MISSING),
        (with_a_header_lost, UNREADABLE),
        (with_a_chain_rewritten, OTHER_END),
    ],
)
async def test_each_alteration_is_found_and_named_once_for_its_key(stated, alter, fault):
    found = await found_in(stated, await copied(stated, alter))
    assert fault in {one.fault for one in found.breaks}
    assert len({one.key for one in found.breaks}) == 1
    assert sum(found.chains.values()) >= KEYS - 1


async def test_an_event_that_was_added_at_the_end_is_found(stated):
    topic = await copied(stated, with_one_added)
    found = await found_in(stated, topic)
    (added,) = found.beyond
    assert (found.breaks, added.sequence) == ([], EVENTS + 1)
    known = await tips_of(stated, topic)
    found.add_unstated(known)
    assert [(one.key, one.fault) for one in found.breaks] == [(added.key, NEVER_STATED)]


async def test_a_chain_that_nobody_stated_is_found_and_a_later_event_is_none(stated):
    topic = await copied(stated, as_it_is)
    tips = await tips_of(stated, topic)
    found = await asyncio.to_thread(verify, stated.kafka, Claim([topic], tips[:1]), 1, lambda _: None)
    assert {one.key for one in found.beyond} == {one.key for one in tips[1:]}
    found.add_unstated(tips)
    assert found.breaks == []
    found.add_unstated(tips[:2])
    assert {one.key for one in found.breaks} == {one.key for one in tips[2:]}


async def test_a_writer_that_knows_of_nothing_is_told_of_every_chain_and_nobody_of_none(stated):
    topic, keys = (
        await copied(stated, as_it_is),
        {tip.key for tip in await tips_of(stated, stated.topic.name)},
    )
    found = await asyncio.to_thread(verify, stated.kafka, Claim([topic], []), 1, lambda _: None)
    assert {one.key for one in found.beyond} == keys
    found = await asyncio.to_thread(verify, stated.kafka, Claim([topic]), 1, lambda _: None)
    assert found.beyond == []


async def test_checkpoints_follow_each_other_and_none_is_made_of_nothing(proven):
    ledger, archive = proven
    assert await signed(ledger, archive) is None
    assert [one.number for one in archive.all()] == [1, 2]
    assert faults_of(archive, PUBLIC) == []


@pytest.mark.parametrize(
    "alter",
    [
        with_a_bit_flipped,
        with_one_deleted,
        with_two_swapped,
        with_the_tail_cut,
        with_the_last_altered,
        with_a_whole_chain_deleted,
        with_a_chain_rewritten,
    ],
)
async def test_checkpoints_alone_show_what_was_rewritten_or_cut(proven, alter):
    ledger, archive = proven
    found = await found_in(ledger, await copied(ledger, alter), archives=[archive])
    assert {one.key for one in found.breaks if one.fault == VANISHED} == {str(min(ledger.keys, key=str))}


async def test_checkpoints_agree_with_what_they_were_made_of(proven):
    ledger, archive = proven
    found = await found_in(ledger, ledger.topic.name, workers=2, archives=[archive])
    assert found.breaks == []


@pytest.mark.parametrize(
    ("name", "alter", "says"),
    [
        ("000001-*.leaves", lambda raw: raw[32:] + raw[:32], "not what was signed"),
        ("000001-*.leaves", lambda raw: raw[:-32], "as many leaves"),
        ("000002.json", lambda raw: raw.replace(b'"number":2', b'"number":3'), "signature"),
        ("000001.json", lambda raw: raw.replace(b'"size":', b'"size": '), "canonical"),
    ],
)
async def test_an_altered_checkpoint_is_found(proven, tmp_path, name, alter, says):
    _, archive = proven
    folder = Path(archive.url.removeprefix("file://"))
    (copy,) = (shutil.copytree(folder, tmp_path / "copy") / "checkpoints" / archive.topic).glob(name)
    copy.write_bytes(alter(copy.read_bytes()))
    faults = faults_of(Archive((tmp_path / "copy").as_uri(), archive.topic), PUBLIC)
    assert any(says in fault for fault in faults), faults


async def test_the_hash_can_be_made_by_anybody_from_the_record(stated):
    """Line by line as ARCHITECTURE.md says, without our code."""
    async with Bus(stated.kafka) as bus:
        records = await bus.read(stated.topic.name, KEYS * EVENTS)
    key = str(stated.keys[0]).encode()
    first, second = sorted((r for r in records if r.key == key), key=sequence_of)[:2]
    named = dict(first.headers)
    fields = ["ce_subject", "ce_id", "ce_type", "ce_time", "ce_sequence", "ce_previoushash"]
    lines = [b"mente-event-1", *(named[field] for field in fields)]
    made = sha256(b"".join(line + b"\n" for line in lines) + first.value).hexdigest()
    assert dict(second.headers)["ce_previoushash"].decode() == made


async def test_the_history_of_a_key_is_read_from_the_bus(stated):
    where = (stated.kafka, stated.keys[1])
    lines = await asyncio.to_thread(lines_of, *where, topics=[stated.topic.name])
    assert [line.link.sequence for line in lines] == list(range(1, EVENTS + 1))
    assert {line.fault for line in lines} == {None}
    until = lines[2].event.occurred_at
    assert len(await asyncio.to_thread(lines_of, *where, until, topics=[stated.topic.name])) == 3
