"""Checkpoints show every change to a signed log, and come back from paper as they were."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta, timezone

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from shared.chain import FIRST, ChainCheck, Link
from shared.checkpoints import (
    NO_CHECKPOINT,
    Checkpoint,
    CheckpointFault,
    OpenSlice,
    follows,
    matches,
    read,
    sign,
    verify,
)
from shared.errors import Unreadable
from shared.merkle import Frontier, consistency_proof, verify_consistency
from tests.support.checkpoints import HOUR, KEY, KEYS, START, a_checkpoint, a_slice, some_leaves, three

OTHER_KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(1, 33)))


def test_what_is_signed_is_every_field_but_the_signature_in_a_fixed_form():
    checkpoint = a_checkpoint()
    texts = json.loads(checkpoint.canonical())
    assert texts == {
        "format": "mente-checkpoint-1",
        "key_id": "audit-2026",
        "leaves_hash": hashlib.sha256(b"".join(some_leaves(5))).hexdigest(),
        "number": 1,
        "previous": NO_CHECKPOINT,
        "root": a_slice(some_leaves(5)).root,
        "since": "2026-10-05T08:00:00+00:00",
        "size": 5,
        "topic": "review.cases",
        "until": "2026-10-05T09:00:00+00:00",
    }
    assert checkpoint.canonical() == json.dumps(texts, sort_keys=True, separators=(",", ":")).encode()
    KEY.public_key().verify(bytes.fromhex(checkpoint.signature), checkpoint.canonical())


def test_a_signed_checkpoint_is_verified_and_read_back_as_it_was():
    for checkpoint in three():
        assert verify(checkpoint, KEYS) is None
        assert read(checkpoint.stored()) == checkpoint


def test_a_checkpoint_of_an_unknown_key_is_not_believed():
    assert verify(a_checkpoint(), {}) is CheckpointFault.KEY_UNKNOWN
    assert verify(a_checkpoint(key=OTHER_KEY), KEYS) is CheckpointFault.SIGNATURE_INVALID


def test_every_flipped_bit_of_a_stored_checkpoint_is_found():
    stored = a_checkpoint().stored()
    for bit in range(len(stored) * 8):
        changed = (int.from_bytes(stored, "big") ^ (1 << bit)).to_bytes(len(stored), "big")
        try:
            fault = verify(read(changed), KEYS)
        except Unreadable:
            continue
        assert fault in (CheckpointFault.SIGNATURE_INVALID, CheckpointFault.KEY_UNKNOWN)


@pytest.mark.parametrize(
    "change",
    [
        {"topic": "intake.applications"},
        {"number": 2, "previous": "1" * 64},
        {"since": "2026-10-05T07:59:59+00:00"},
        {"until": "2026-10-05T09:00:00.000001+00:00"},
        {"size": 4},
        {"root": "1" * 64},
        {"leaves_hash": "1" * 64},
    ],
)
def test_every_changed_field_invalidates_the_signature(change):
    texts = {**json.loads(a_checkpoint().stored()), **change}
    changed = Checkpoint.model_validate_json(json.dumps(texts))
    assert verify(changed, KEYS) is CheckpointFault.SIGNATURE_INVALID


@pytest.mark.parametrize(
    "change",
    [
        {"number": 0},
        {"number": 2},
        {"number": "1"},
        {"number": True},
        {"previous": "1" * 64},
        {"since": "2026-10-05T08:00:00"},
        {"since": "2026-10-05T10:00:00+02:00"},
        {"since": "0001-01-01T00:00:00+14:00"},
        {"since": 0},
        {"until": "2026-10-05T08:00:00+00:00"},
        {"size": -1},
        {"size": 2**63},
        {"root": "A" * 64},
        {"root": "0" * 63},
        {"root": "0" * 64 + "\n"},
        {"topic": "a\nb"},
        {"topic": ""},
        {"key_id": "../key"},
        {"format": "mente-checkpoint-2"},
        {"signature": ""},
        {"more": 1},
    ],
)
def test_impossible_checkpoints_are_unreadable(change):
    texts = {**json.loads(a_checkpoint().stored()), **change}
    with pytest.raises(Unreadable):
        read(json.dumps(texts, sort_keys=True, separators=(",", ":")).encode())


@settings(deadline=None)
@given(st.binary())
def test_any_other_bytes_are_unreadable(stored):
    with pytest.raises(Unreadable):
        read(stored)


def test_a_second_form_of_the_same_checkpoint_is_unreadable():
    stored = a_checkpoint().stored()
    for other in (stored + b"\n", stored.replace(b"T08", b"t08"), stored.replace(b'"size":', b'"size": ')):
        with pytest.raises(Unreadable):
            read(other)


def test_checkpoints_follow_one_another_also_without_a_leaf_between():
    first, second, third = three()
    assert follows(first, second) is None
    assert follows(second, third) is None


def test_a_missing_or_turned_checkpoint_is_found():
    first, second, third = three()
    assert follows(first, third) is CheckpointFault.NUMBER_NOT_NEXT
    assert follows(second, first) is CheckpointFault.NUMBER_NOT_NEXT
    assert follows(first, first) is CheckpointFault.NUMBER_NOT_NEXT


def test_a_checkpoint_after_another_one_than_this_is_found():
    _, second, _ = three()
    assert follows(a_checkpoint(some_leaves(2)), second) is CheckpointFault.PREVIOUS_DIFFERS


def forged_after(earlier, **told):
    """A later checkpoint that no honest signer makes."""
    honest = a_checkpoint(some_leaves(5), earlier, hour=1)
    return Checkpoint(**{**dict(honest), **told})


@pytest.mark.parametrize(
    ("told", "fault"),
    [
        ({"topic": "intake.applications"}, CheckpointFault.OTHER_TOPIC),
        ({"since": START + HOUR / 2}, CheckpointFault.TIME_OVERLAPS),
        ({"size": 4}, CheckpointFault.LOG_SHRUNK),
        ({"root": "1" * 64}, CheckpointFault.LOG_CHANGED),
        ({"leaves_hash": "1" * 64}, CheckpointFault.LOG_CHANGED),
    ],
)
def test_a_log_that_did_not_grow_in_size_and_time_is_found(told, fault):
    earlier = a_checkpoint()
    assert follows(earlier, forged_after(earlier)) is None
    assert follows(earlier, forged_after(earlier, **told)) is fault


def test_nothing_is_signed_that_would_not_follow():
    earlier = a_checkpoint()
    for taken in (
        a_slice(some_leaves(4), hour=1),
        a_slice(some_leaves(5, seed=1), 5, hour=1),
        a_slice(some_leaves(6), 5, hour=0),
        a_slice(some_leaves(6), 5, hour=1, topic="intake.applications"),
    ):
        with pytest.raises(ValueError, match="not signed"):
            sign(taken, earlier, "audit-2026", KEY)


def test_nothing_impossible_is_signed():
    taken = a_slice(some_leaves(2))
    beijing = START.replace(tzinfo=timezone(timedelta(hours=8)))
    for change in (
        {"topic": "a b"},
        {"since": START.replace(tzinfo=None)},
        {"since": beijing},
        {"root": "0"},
    ):
        with pytest.raises(ValidationError):
            sign(replace(taken, **change), None, "audit-2026", KEY)


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_a_slice_takes_leaves_of_one_length_alone(size):
    with pytest.raises(ValueError, match="ambiguous"):
        OpenSlice(Frontier()).append(bytes(size))


@settings(deadline=None)
@given(st.integers(1, 40), st.integers(0, 40), st.data())
def test_every_tampering_with_the_leaves_is_found_against_a_checkpoint(before, during, data):
    leaves = some_leaves(before + during)
    earlier = a_checkpoint(leaves[:before])
    checkpoint = a_checkpoint(leaves, earlier, hour=1)
    assert matches(checkpoint, a_slice(leaves, before)) is None
    at, other = (data.draw(st.integers(0, len(leaves) - 1)) for _ in range(2))
    flipped = bytes([leaves[at][0] ^ (1 << data.draw(st.integers(0, 7)))]) + leaves[at][1:]
    swapped = list(leaves)
    swapped[at], swapped[other] = swapped[other], swapped[at]
    cut, inserted = leaves[:-1], [*leaves[:at], leaves[other], *leaves[at:]]
    fault = CheckpointFault.ROOT_DIFFERS
    assert matches(checkpoint, a_slice([*leaves[:at], flipped, *leaves[at + 1 :]], before)) is fault
    assert matches(checkpoint, a_slice(swapped, before)) is (fault if at != other else None)
    assert matches(checkpoint, a_slice(cut, before)) is CheckpointFault.SIZE_DIFFERS
    assert matches(checkpoint, a_slice(inserted, before)) is CheckpointFault.SIZE_DIFFERS
    if inserted[:-1] != leaves:
        assert matches(checkpoint, a_slice(inserted[:-1], before)) is fault


def test_a_slice_with_a_wrong_beginning_or_topic_is_not_the_one_that_was_signed():
    checkpoint = a_checkpoint(some_leaves(5))
    assert matches(checkpoint, a_slice(some_leaves(5), 2)) is CheckpointFault.LEAVES_DIFFER
    assert matches(checkpoint, a_slice(some_leaves(5), topic="other")) is CheckpointFault.OTHER_TOPIC


def a_chain(outcome):
    """The digests of a chain of ten events, each with the right hash of the one before."""
    check, previous, leaves = ChainCheck(), FIRST, []
    for number in range(1, 11):
        body = outcome if number == 4 else b"%d" % number
        link = Link("review.cases", "0192", f"{number}", "case.decided", "today", number, previous, body)
        assert check.take(link) is None
        previous = link.hash
        leaves.append(link.digest)
    return leaves


def test_a_chain_rewritten_with_right_hashes_is_found_against_an_earlier_checkpoint():
    honest, rewritten = a_chain(b"refused"), a_chain(b"granted")
    kept = a_checkpoint(honest[:6])
    # Whoever rewrote the log also holds the key and signed new checkpoints over it.
    new_first = a_checkpoint(rewritten[:6])
    new_second = a_checkpoint(rewritten, new_first, hour=1)
    assert verify(new_second, KEYS) is follows(new_first, new_second) is None
    assert follows(kept, new_second) is CheckpointFault.PREVIOUS_DIFFERS
    assert matches(kept, a_slice(rewritten[:6])) is CheckpointFault.ROOT_DIFFERS
    old_root, new_root = bytes.fromhex(kept.root), bytes.fromhex(new_second.root)
    assert not verify_consistency(6, old_root, 10, new_root, consistency_proof(rewritten, 6))
    honest_root = bytes.fromhex(a_slice(honest).root)
    assert verify_consistency(6, old_root, 10, honest_root, consistency_proof(honest, 6))


def test_every_fault_has_a_sentence():
    assert all(fault.sentence.endswith(".") for fault in CheckpointFault)
