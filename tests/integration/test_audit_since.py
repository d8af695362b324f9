"""Verifying from a checkpoint on: what came after it is followed, what came before is not read."""

import pytest

from deploy.audit.checkpointing import faults_of
from deploy.audit.following import OTHER_END, TAIL_MISSING, VANISHED
from shared.chain import ChainFault
from tests.support.evidence import PUBLIC
from tests.support.since import (
    AFTER,
    BEFORE,
    EVENTS,
    KEYED,
    KEYS,
    Log,
    as_it_is,
    rewrite,
    with_a_bit_flipped,
    with_a_chain_rewritten,
    with_a_whole_chain_rewritten,
    with_an_old_event_repeated,
    with_an_old_event_repeated_otherwise,
    with_one_deleted,
    with_the_last_altered,
    with_the_tail_cut,
    with_the_whole_tail_cut,
    with_two_swapped,
)


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
