"""The Merkle log agrees with the standard, its reference tree and an independent program."""

import hashlib
import random

import pytest
from pymerkle import InmemoryTree, verify_consistency, verify_inclusion

from shared import merkle
from shared.merkle import Frontier, consistency_proof, inclusion_proof
from tests.support.checkpoints import some_leaves

SOME_SIZES = [*range(1, 71), *random.Random(9162).sample(range(71, 700), 12)]

CT_LEAVES = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
"""The entries of Certificate Transparency's reference tree."""


def root_of(leaves):
    frontier = Frontier()
    for leaf in leaves:
        frontier.append(leaf)
    return frontier.root()


def an_independent_tree(leaves):
    tree = InmemoryTree(algorithm="sha256")
    tree.append_entries(leaves)
    return tree


def test_the_root_of_certificate_transparencys_reference_tree_comes_out():
    assert root_of([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    leaves = [bytes.fromhex(leaf) for leaf in CT_LEAVES]
    assert root_of(leaves[:1]).hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert root_of(leaves).hex() == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"


@pytest.mark.parametrize("size", SOME_SIZES)
def test_roots_and_inclusion_proofs_are_those_of_an_independent_tree(size):
    leaves = some_leaves(size)
    tree = an_independent_tree(leaves)
    root = root_of(leaves)
    assert root == tree.get_root()
    for index in range(size) if size <= 70 else random.Random(size).sample(range(size), 10):
        proof, other = inclusion_proof(leaves, index), tree.prove_inclusion(index + 1)
        # The independent tree puts the hash of the leaf itself in front.
        assert proof == other.path[1:]
        verify_inclusion(tree.get_leaf(index + 1), root, other)
        assert merkle.verify_inclusion(leaves[index], index, size, proof, root)


@pytest.mark.parametrize("size", SOME_SIZES)
def test_an_independent_tree_finds_the_same_roots_consistent(size):
    leaves = some_leaves(size)
    tree, root = an_independent_tree(leaves), root_of(leaves)
    for old in range(1, size) if size <= 70 else random.Random(size).sample(range(1, size), 10):
        old_root, proof = root_of(leaves[:old]), consistency_proof(leaves, old)
        # It cuts the tree otherwise than RFC 9162, so the hashes themselves are compared elsewhere.
        verify_consistency(old_root, root, tree.prove_consistency(old, size), old, size)
        assert merkle.verify_consistency(old, old_root, size, root, proof)


@pytest.mark.parametrize("size", range(1, 71))
def test_proofs_are_those_that_the_standard_defines(size):
    leaves = some_leaves(size)
    assert root_of(leaves) == _mth(leaves)
    assert [inclusion_proof(leaves, at) for at in range(size)] == [_path(at, leaves) for at in range(size)]
    for old in range(1, size + 1):
        assert consistency_proof(leaves, old) == _subproof(old, leaves, True)


@pytest.mark.parametrize(
    ("old", "proof"),
    [
        (
            1,
            [
                "96a296d224f285c67bee93c30f8a3091",
                "5f083f0a1a33ca076a95279832580db3",
                "6b47aaf29ee3c2af9af889bc1fb9254d",
            ],
        ),
        (
            6,
            [
                "0ebc5d3437fbe2db158b9f126a1d118e",
                "ca854ea128ed050b41b35ffc1b87b8eb",
                "d37ee418976dd95753c1c73862b9398f",
            ],
        ),
    ],
)
def test_consistency_proofs_of_certificate_transparencys_reference_tree_come_out(old, proof):
    leaves = [bytes.fromhex(leaf) for leaf in CT_LEAVES]
    assert [step.hex()[:32] for step in consistency_proof(leaves, old)] == proof


def _mth(leaves):
    """RFC 9162, 2.1.1, word for word."""
    if len(leaves) == 1:
        return hashlib.sha256(b"\x00" + leaves[0]).digest()
    k = _k(leaves)
    return hashlib.sha256(b"\x01" + _mth(leaves[:k]) + _mth(leaves[k:])).digest()


def _path(m, leaves):
    """RFC 9162, 2.1.3.1, word for word."""
    if len(leaves) == 1:
        return []
    k = _k(leaves)
    if m < k:
        return [*_path(m, leaves[:k]), _mth(leaves[k:])]
    return [*_path(m - k, leaves[k:]), _mth(leaves[:k])]


def _subproof(m, leaves, whole):
    """RFC 9162, 2.1.4.1, word for word."""
    if m == len(leaves):
        return [] if whole else [_mth(leaves)]
    k = _k(leaves)
    if m <= k:
        return [*_subproof(m, leaves[:k], whole), _mth(leaves[k:])]
    return [*_subproof(m - k, leaves[k:], False), _mth(leaves[:k])]


def _k(leaves):
    k = 1
    while k * 2 < len(leaves):
        k *= 2
    return k
