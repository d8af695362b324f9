"""The Merkle log agrees with an independent one, shows what is true and nothing else."""

import hashlib
import mmap
import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from deploy.audit.evidence.proving import Subtrees
from shared import merkle
from shared.merkle import (
    EMPTY_ROOT,
    Frontier,
    LeafFile,
    consistency_parts,
    consistency_proof,
    inclusion_parts,
    inclusion_proof,
)

SOME_SIZES = [*range(1, 71), *random.Random(9162).sample(range(71, 700), 12)]
SIZES = st.integers(1, 80)
ODD = [None, 0, -1, 2**70, True, "", "00" * 32, b"", b"\x00" * 31, b"\x00" * 33, [], [b""], object()]


def some_leaves(size, seed=0):
    return [hashlib.sha256(b"%d-%d" % (seed, at)).digest() for at in range(size)]


def root_of(leaves):
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


@settings(deadline=None)
@given(st.lists(st.binary(min_size=32, max_size=32), max_size=60), st.data())
def test_a_log_goes_on_from_its_peaks_as_if_it_had_never_stopped(leaves, data):
    stop = data.draw(st.integers(0, len(leaves)))
    first = Frontier()
    for leaf in leaves[:stop]:
        first.append(leaf)
    second = Frontier.resume(first.size, first.peaks)
    for leaf in leaves[stop:]:
        second.append(leaf)
    assert (second.size, second.root()) == (len(leaves), root_of(leaves))


@pytest.mark.parametrize(
    ("size", "peaks"), [(1, []), (0, ["00" * 32]), (2, ["00" * 31]), (-1, ["00" * 32]), (1, ["zz" * 32])]
)
def test_peaks_that_do_not_belong_to_the_size_are_refused(size, peaks):
    with pytest.raises(ValueError):
        Frontier.resume(size, peaks)


def test_a_log_keeps_one_hash_for_each_bit_of_its_size():
    frontier = Frontier()
    for leaf in some_leaves(1023):
        frontier.append(leaf)
    assert len(frontier.peaks) == 10
    frontier.append(b"")
    assert len(frontier.peaks) == 1


@settings(deadline=None)
@given(SIZES, st.data())
def test_no_other_leaf_place_or_root_is_shown_by_an_inclusion_proof(size, data):
    leaves = some_leaves(size)
    index = data.draw(st.integers(0, size - 1))
    proof, root = inclusion_proof(leaves, index), root_of(leaves)
    bit = data.draw(st.integers(0, 255))
    assert merkle.verify_inclusion(leaves[index], index, size, proof, root)
    assert not merkle.verify_inclusion(flipped(leaves[index], bit), index, size, proof, root)
    assert not merkle.verify_inclusion(leaves[index], index, size, proof, flipped(root, bit))
    assert not any(
        merkle.verify_inclusion(leaves[index], other, size, proof, root)
        for other in range(size)
        if other != index
    )
    for at in range(len(proof)):
        changed = [*proof[:at], flipped(proof[at], bit), *proof[at + 1 :]]
        assert not merkle.verify_inclusion(leaves[index], index, size, changed, root)
        assert not merkle.verify_inclusion(leaves[index], index, size, proof[:at] + proof[at + 1 :], root)
    assert not merkle.verify_inclusion(leaves[index], index, size, [*proof, root], root)


@settings(deadline=None)
@given(SIZES, SIZES, st.data())
def test_a_log_that_did_more_than_grow_has_no_consistency_proof(one, other, data):
    old, size = sorted((one, other))
    leaves = some_leaves(size)
    old_root, root, proof = root_of(leaves[:old]), root_of(leaves), consistency_proof(leaves, old)
    assert merkle.verify_consistency(old, old_root, size, root, proof)
    for rewritten in data.draw(st.sampled_from(TAMPERINGS))(leaves, data.draw(st.integers(0, old - 1))):
        if rewritten[:old] != leaves[:old] and len(rewritten) >= old:
            new_root, new_proof = root_of(rewritten), consistency_proof(rewritten, old)
            assert not merkle.verify_consistency(old, old_root, len(rewritten), new_root, new_proof)
            assert not merkle.verify_consistency(old, old_root, size, new_root, proof)


@settings(deadline=None)
@given(SIZES, SIZES, st.integers(0, 255))
def test_a_changed_consistency_proof_shows_nothing(one, other, bit):
    old, size = sorted((one, other))
    leaves = some_leaves(size)
    old_root, root, proof = root_of(leaves[:old]), root_of(leaves), consistency_proof(leaves, old)
    assert not merkle.verify_consistency(old, flipped(old_root, bit), size, root, proof)
    assert not merkle.verify_consistency(old, old_root, size, flipped(root, bit), proof)
    assert not merkle.verify_consistency(old, old_root, size, root, [*proof, root])
    for at in range(len(proof)):
        changed = [*proof[:at], flipped(proof[at], bit), *proof[at + 1 :]]
        assert not merkle.verify_consistency(old, old_root, size, root, changed)
        assert not merkle.verify_consistency(old, old_root, size, root, proof[:at] + proof[at + 1 :])


def test_a_proof_from_a_larger_log_does_not_pass_for_one_of_a_smaller():
    leaves = some_leaves(8)
    both = root_of(leaves[:2])
    assert not merkle.verify_inclusion(leaves[1], 0, 1, inclusion_proof(leaves[:2], 1), both)
    proof = consistency_proof(leaves, 7)
    assert merkle.verify_consistency(7, root_of(leaves[:7]), 8, root_of(leaves), proof)
    assert not merkle.verify_consistency(3, root_of(leaves[:7]), 4, root_of(leaves), proof)


def test_sizes_that_contradict_each_other_show_nothing():
    leaves = some_leaves(2)
    one, two = root_of(leaves[:1]), root_of(leaves)
    assert merkle.verify_inclusion(leaves[0], 0, 1, [], one)
    assert not merkle.verify_inclusion(leaves[0], 1, 1, [], one)
    assert not merkle.verify_consistency(3, one, 2, two, [one, root_of(leaves[1:])])
    assert not merkle.verify_consistency(0, one, 0, one, [])


def test_a_log_that_was_cut_cannot_be_shown_to_have_grown():
    leaves = some_leaves(20)
    old_root = root_of(leaves)
    assert not merkle.verify_consistency(20, old_root, 19, root_of(leaves[:19]), [])
    with pytest.raises(IndexError):
        consistency_proof(leaves[:19], 20)


def test_every_log_begins_with_the_empty_one():
    leaves = some_leaves(5)
    assert merkle.verify_consistency(0, EMPTY_ROOT, 5, root_of(leaves), consistency_proof(leaves, 0))
    assert merkle.verify_consistency(0, EMPTY_ROOT, 0, EMPTY_ROOT, consistency_proof([], 0))
    assert not merkle.verify_consistency(0, root_of(leaves), 5, root_of(leaves), [])


@pytest.mark.parametrize("index", [-1, 3])
def test_a_leaf_outside_of_the_log_has_no_proof(index):
    with pytest.raises(IndexError):
        inclusion_proof(some_leaves(3), index)


def test_hostile_values_in_any_place_are_no_proof_and_no_error():
    leaves = some_leaves(6)
    root = root_of(leaves)
    inside = [leaves[2], 2, 6, inclusion_proof(leaves, 2), root]
    grown = [3, root_of(leaves[:3]), 6, root, consistency_proof(leaves, 3)]
    for check, good in ((merkle.verify_inclusion, inside), (merkle.verify_consistency, grown)):
        assert check(*good)
        for place in range(5):
            for odd in [*ODD, [None] * 3, [b""] * 3, [root] * 200, "abc", (5, 6)]:
                assert not check(*good[:place], odd, *good[place + 1 :])


@settings(deadline=None, max_examples=300)
@given(
    st.integers(),
    st.integers(),
    st.lists(st.binary(min_size=32, max_size=32) | st.binary(max_size=40), max_size=70),
    st.binary(min_size=32, max_size=32),
)
def test_chance_makes_no_proof_and_no_error(one, other, proof, root):
    assert not merkle.verify_inclusion(b"leaf", one, other, proof, root)
    assert one == other or not merkle.verify_consistency(one, root, other, root, proof)


def test_a_mapped_file_of_leaves_is_read_like_a_list(tmp_path):
    leaves = some_leaves(300)
    path = tmp_path / "leaves"
    path.write_bytes(b"".join(leaves))
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as buffer:
        mapped = LeafFile(buffer)
        assert (len(mapped), mapped[0], mapped[-1]) == (300, leaves[0], leaves[-1])
        assert list(mapped) == leaves
        assert list(mapped[7:290][1:-2]) == leaves[7:290][1:-2]
        assert inclusion_proof(mapped, 123) == inclusion_proof(leaves, 123)
        assert consistency_proof(mapped[:250], 99) == consistency_proof(leaves[:250], 99)
        with pytest.raises(IndexError):
            mapped[300]


def test_a_file_that_ends_inside_a_leaf_is_refused():
    with pytest.raises(ValueError, match="not a whole number of leaves"):
        LeafFile(bytes(33))


def flipped(value, bit):
    return (int.from_bytes(value, "big") ^ (1 << bit)).to_bytes(len(value), "big")


def _changed(leaves, at):
    for bit in (0, 100, 255):
        yield [*leaves[:at], flipped(leaves[at], bit), *leaves[at + 1 :]]


def _swapped(leaves, at):
    for other in range(len(leaves)):
        moved = list(leaves)
        moved[at], moved[other] = moved[other], moved[at]
        yield moved


def _inserted(leaves, at):
    yield [*leaves[:at], b"\x07" * 32, *leaves[at:]]
    yield [*leaves[:at], leaves[at], *leaves[at:]]


def _deleted(leaves, at):
    yield leaves[:at] + leaves[at + 1 :]


TAMPERINGS = [_changed, _swapped, _inserted, _deleted]


@pytest.mark.parametrize("size", [1, 4096, 4097, 10_000])
def test_many_proofs_of_one_log_are_the_same_as_each_alone(size):
    log = [number.to_bytes(32, "big") for number in range(size)]
    subtrees = Subtrees(log)
    for index in {0, size // 3, size - 1}:
        assert subtrees.proof(inclusion_parts(size, index)) == inclusion_proof(log, index)
        assert subtrees.proof(consistency_parts(size, index + 1)) == consistency_proof(log, index + 1)
