"""Checkpoints of made-up logs; valid by default."""

import hashlib
from datetime import UTC, datetime, timedelta

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from shared.checkpoints import OpenSlice, sign
from shared.merkle import Frontier

START = datetime(2026, 10, 5, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
KEYS = {"audit-2026": KEY.public_key()}


def some_leaves(size, seed=0):
    return [hashlib.sha256(b"%d-%d" % (seed, at)).digest() for at in range(size)]


def a_slice(leaves, begin=0, hour=0, topic="review.cases"):
    """The slice that begins with the leaf at `begin` of the whole log `leaves`."""
    frontier = Frontier()
    for leaf in leaves[:begin]:
        frontier.append(leaf)
    counting = OpenSlice(frontier)
    for leaf in leaves[begin:]:
        counting.append(leaf)
    return counting.close(topic, START + hour * HOUR, START + (hour + 1) * HOUR)


def a_checkpoint(leaves=None, earlier=None, hour=0, key=KEY):
    begin = earlier.size if earlier else 0
    return sign(
        a_slice(some_leaves(5) if leaves is None else leaves, begin, hour), earlier, "audit-2026", key
    )


def three():
    """The checkpoints of a log of 3, 3 and 11 leaves."""
    leaves = some_leaves(11)
    first = a_checkpoint(leaves[:3])
    second = a_checkpoint(leaves[:3], first, hour=1)
    return [first, second, a_checkpoint(leaves, second, hour=2)]
