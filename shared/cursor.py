"""How far a relay has come in a table whose ids are drawn before they commit; pure.

A bare cursor loses rows: a transaction that drew a small id may commit after larger ones were published.
So every id that was skipped is kept as a hole until it is found, or until it can no longer appear.
"""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Hole:
    """A skipped id; `since` is the transaction that first stored it, None before that."""

    id: int
    since: int | None = None


@dataclass(frozen=True, slots=True)
class Position:
    """Everything up to `cursor` is published, but for the holes."""

    cursor: int = 0
    holes: tuple[Hole, ...] = ()

    @property
    def hole_ids(self) -> list[int]:
        """The ids to look for again."""
        return [hole.id for hole in self.holes]

    @property
    def floor(self) -> int:
        """Every row below this id is published or rolled back."""
        return min([self.cursor + 1, *self.hole_ids])


def advance(position: Position, seen: Iterable[int], oldest_running: int) -> Position:
    """The position after publishing the ids in `seen`, all read in one snapshot.

    `oldest_running` is that snapshot's `pg_snapshot_xmin`. A hole first stored under transaction x is dead
    once it is ≥ x: whoever drew the id had a transaction id below x, is no longer running, and its row is
    not there. `pg_snapshot_xmax` would not do: transactions above it can still be running.
    """
    found = set(seen)
    kept = [
        hole
        for hole in position.holes
        if hole.id not in found and (hole.since is None or oldest_running < hole.since)
    ]
    last = max(found, default=position.cursor)
    if last > position.cursor:
        kept += [Hole(skipped) for skipped in range(position.cursor + 1, last) if skipped not in found]
    return Position(max(position.cursor, last), tuple(kept))


def stored(ahead: Position, saved: Position, transaction: int) -> Position:
    """The position `ahead` after `transaction` stored `saved`: now its holes have a beginning."""
    ids = set(saved.hole_ids)
    return Position(
        ahead.cursor,
        tuple(
            Hole(hole.id, transaction) if hole.since is None and hole.id in ids else hole
            for hole in ahead.holes
        ),
    )
