"""The archive of checkpoints: what is altered in it is found, and who comes too late alters nothing."""

from datetime import timedelta

import pytest

from deploy.audit.archive import Standing
from deploy.audit.checkpointing import base_at, faults_of
from shared.checkpoints import OpenSlice, sign
from shared.errors import Refused
from shared.merkle import Frontier
from tests.support.evidence import AUDITOR, PUBLIC
from tests.support.since import (
    KEYED,
    Log,
    as_it_is,
    rewrite,
)


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
