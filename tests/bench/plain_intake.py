"""Intake without what protects: no signature checked, nothing sealed, no chain; for B14 alone."""

import sys
from collections.abc import Collection, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from services.intake.actions import submitting
from services.intake.app import PROGRAM
from services.intake.domain.submitting import Submission
from services.intake.store import submissions
from shared import outbox
from shared.access import Channel, SignedCall
from shared.chain import FIRST
from shared.contracts.base import Event
from shared.person_keys import Made, PersonKeys
from shared.program import main
from shared.sealing import DataKey
from shared.signing import CHANNEL, Channels


def take_the_word(self: Channels, call: SignedCall, _now: datetime) -> Channel:
    """Believe the channel's name."""
    return self._entries[call.headers[CHANNEL]][0]


def in_clear(submission: Submission, _keys: Mapping[UUID, DataKey]) -> Submission:
    """Publish the private part as it is."""
    event = submission.event
    told = event.private.model_dump_json() if event.private else None
    return replace(submission, event=event.model_copy(update={"sealed": told}))


def unchained(event: Event, tip: outbox.Tip) -> outbox.Stated:
    """State an event that names no event before it."""
    return outbox.Stated(event, outbox.uuid7(), outbox.body(event), tip.sequence + 1, FIRST, FIRST)


async def no_keys(*_: Any) -> dict[UUID, DataKey]:
    """Ask for none."""
    return {}


async def none_made(_self: PersonKeys, _persons: Collection[UUID]) -> dict[UUID, Made]:
    """Make none."""
    return {}


def _without(sql: str, begin: str, end: str, instead: str) -> str:
    """The statement with a part of it replaced; ValueError when it is not there."""
    first = sql.index(begin)
    return sql[:first] + instead + sql[sql.index(end, first) :]


def plain(sql: str) -> str:
    """The statement that writes applications, without keys and chains."""
    sql = _without(sql, "key_id = ANY(ARRAY(SELECT key_id FROM sealed", "string_to_array(papers", "")
    sql = _without(sql, "(SELECT count(*) FROM sealed)", "name = ANY($34", "")
    sql = _without(sql, "live AS (SELECT", "held AS (SELECT", "")
    return _without(
        sql, "chained AS (", "\nSELECT application_id FROM new", "chained AS (SELECT $11::text[])"
    )


def _run() -> int:
    Channels.verify = take_the_word  # type: ignore[method-assign]
    PersonKeys.of_persons = no_keys  # type: ignore[method-assign]
    PersonKeys.make = none_made  # type: ignore[assignment,method-assign]
    submitting._sealed = in_clear
    outbox._next = unchained
    submissions.INSERT_APPLICATIONS = plain(submissions.INSERT_APPLICATIONS)
    return main(PROGRAM)


if __name__ == "__main__":
    sys.exit(_run())
