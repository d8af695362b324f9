"""What it takes to make a service's state again from the topics alone, and to compare it with the live."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from shared.inbox import Consumer
from shared.postgres import Database

OPEN_NOW = "it changes with every try of a loop and is in no event before the matter is settled"


@dataclass(frozen=True, slots=True)
class Compared:
    """How a table is compared, row by row in the order of `key`.

    `subject` is the column that holds the key of the events it comes from. Columns in `left_out` are not
    compared; those in `instead` are compared as what an SQL expression makes of them; of the rows those that
    `only` tells. Each comes with a sentence that says why.
    """

    key: tuple[str, ...]
    subject: str
    left_out: Mapping[str, str] = field(default_factory=dict)
    instead: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    only: tuple[str, str] | None = None


Tables = Mapping[str, Compared | str]
"""Every table of a database: how it is compared, or in a sentence why it is not."""


async def nothing(database: Database) -> None:
    """What is left to do after the last record when there is nothing."""


@dataclass(frozen=True, slots=True)
class Replay:
    """How a service is rebuilt: topics one after the other, each with handlers that state nothing.

    Its own events are folded as they were stated; what other services said goes to the live handlers, or
    to such as keep what the live ones keep. `prepare` are statements on the empty schema, `finish` is called
    after the last record.
    """

    consumers: Sequence[Consumer]
    tables: Tables
    prepare: Sequence[str] = ()
    finish: Callable[[Database], Awaitable[None]] = nothing


def shared_tables(*chained: str) -> Tables:
    """The tables that every service has; `chained` are the topics that it writes and that are read again."""
    named = ", ".join(f"'{topic}'" for topic in chained)
    return {
        "outbox": "it holds events on their way to the bus; what was published is what is read",
        "relay_checkpoint": "it says how far the relay is",
        "inbox": "it says which copies of events came; their effect is compared, and `progress`",
        "parked": "it holds records that were not handled, and what staff did with them",
        "looks": "it says who looked at what, which is in no event",
        "schema_migrations": "it says which files made the tables, and when",
        "chains": Compared(
            ("topic", "key"),
            "key",
            only=(
                f"topic IN ({named})",
                "answers to channels are no state, and end with the retention of their topic; "
                "compacted topics keep only the last event of a key",
            ),
        ),
        "progress": Compared(("topic", "key"), "key"),
        "person_keys": Compared(("person_id",), "person_id"),
    }


def newest(table: str, *of: str) -> tuple[str, str]:
    """Compare only the newest version of each document."""
    same = " AND ".join(f"n.{column} = t.{column}" for column in of)
    return (
        f"version = (SELECT max(n.version) FROM {table} n WHERE {same})",  # noqa: S608
        "the topic was compacted in an earlier release, so older versions may be gone from it",
    )
