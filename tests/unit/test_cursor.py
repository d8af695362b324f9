"""How far a relay has come: nothing skipped is forgotten while it can still commit."""

import random

from hypothesis import given
from hypothesis import strategies as st

from shared.cursor import Hole, Position, advance, stored


def test_a_skipped_id_is_kept_as_a_hole():
    assert advance(Position(3), [5, 7], oldest_running=100) == Position(7, (Hole(4), Hole(6)))


def test_a_hole_that_is_found_is_forgotten():
    position = Position(7, (Hole(4, 90), Hole(6, 90)))
    assert advance(position, [6, 8], oldest_running=50) == Position(8, (Hole(4, 90),))


def test_a_hole_lives_while_a_transaction_older_than_its_storing_runs():
    position = Position(7, (Hole(4, 90),))
    assert advance(position, [], oldest_running=89) == position
    assert advance(position, [], oldest_running=90) == Position(7)


def test_a_hole_that_was_never_stored_never_dies():
    position = Position(7, (Hole(4),))
    assert advance(position, [], oldest_running=10**9) == position


def test_storing_marks_only_the_holes_that_were_stored():
    saved = Position(7, (Hole(4),))
    ahead = Position(9, (Hole(4), Hole(8)))
    assert stored(ahead, saved, 90) == Position(9, (Hole(4, 90), Hole(8)))


def test_storing_again_keeps_the_first_transaction():
    position = Position(7, (Hole(4, 80),))
    assert stored(position, position, 90) == position


@given(st.integers(0, 2**32))
def test_no_row_is_lost_or_published_before_an_older_one_of_its_key(seed):
    """Writers draw ids and commit in any order, some roll back; the relay reads and stores at any moment."""
    world = _World(random.Random(seed))
    for _ in range(60):
        world.step()
    world.finish()
    assert sorted(world.published) == sorted(world.committed)
    assert len(set(world.published)) == len(world.published)


class _World:
    """A model of PostgreSQL's ids, transactions and snapshots beside one relay."""

    def __init__(self, rng):
        self.rng = rng
        self.xid, self.next_id = 100, 0
        self.open = {}
        self.committed, self.published = [], []
        self.position = Position()

    def step(self):
        act = self.rng.choice(["draw", "draw", "end", "relay"])
        if act == "draw":
            self.xid, self.next_id = self.xid + 1, self.next_id + 1
            self.open[self.xid] = self.next_id
        elif act == "end" and self.open:
            row = self.open.pop(self.rng.choice(list(self.open)))
            if self.rng.random() > 0.2:
                self.committed.append(row)
        elif act == "relay":
            self.relay()

    def relay(self):
        oldest_running = min(self.open, default=self.xid + 1)
        most = self.rng.randint(1, 4)
        holes = [i for i in self.position.hole_ids if i in self.committed]
        new = sorted(i for i in self.committed if i > self.position.cursor)[:most]
        ahead = advance(self.position, holes + new, oldest_running)
        self.published += holes + new
        self.xid += 1
        self.position = stored(ahead, ahead, self.xid)

    def finish(self):
        self.committed += self.open.values()
        self.open.clear()
        for _ in range(len(self.committed) + 2):
            self.relay()
        assert self.position.holes == ()
