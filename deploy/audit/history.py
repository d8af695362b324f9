"""The whole life of one application, told from the bus."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any
from uuid import UUID

import asyncpg
from confluent_kafka import Message
from rich.table import Table

from deploy.audit.reading import link_of, records_of, spans_of
from deploy.demo.telling import MENTE, deed_of
from deploy.demo.wrapping import Lines
from deploy.local.stack import Stack
from services.intake.domain.numbering import read_acceptance_no
from shared.chain import ChainCheck, ChainFault, Link
from shared.clock import SHANGHAI
from shared.contracts.applications import ApplicationSubmitted
from shared.contracts.base import Event
from shared.contracts.topics import APPLICATIONS, CASES, EVENTS, MESSAGES
from shared.errors import Refused
from shared.postgres import AWAY
from shared.publishing import partition_of

ABOUT_APPLICATIONS = (APPLICATIONS.name, CASES.name, MESSAGES.name)
KINDS: Mapping[str, type[Event]] = {kind.type: kind for kind in EVENTS}
BY_NUMBER = "SELECT application_id FROM applications WHERE acceptance_no = $1"


@dataclass(frozen=True, slots=True)
class Line:
    """One event of the application, where it lies, and what is wrong with its place in the chain."""

    link: Link
    event: Event
    partition: int
    offset: int
    fault: ChainFault | None

    def facts(self) -> dict[str, Any]:
        """The line for programs."""
        deed = deed_of(self.event)
        return {
            "at": self.link.time,
            "type": self.link.type,
            "who": deed.who or "applicant",
            "what": deed.what,
            "topic": self.link.topic,
            "partition": self.partition,
            "offset": self.offset,
            "sequence": self.link.sequence,
            "hash": self.link.hash,
            "fault": self.fault,
            "event": self.event.model_dump(mode="json", exclude_none=True),
        }


async def application_id_of(stack: Stack, named: str) -> UUID:
    """The id itself, or that of an acceptance number; raises Refused `application-unknown`."""
    try:
        return UUID(named)
    except ValueError:
        pass
    number = read_acceptance_no(named)
    if number is None:
        raise Refused("acceptance-no-mistyped", f"{named} is neither an id nor an acceptance number")
    try:
        connection = await asyncpg.connect(stack.database_as_admin("intake"), timeout=5)
    except AWAY:
        raise Refused(
            "database-away", "intake's database does not answer; give the application's id"
        ) from None
    try:
        found = await connection.fetchval(BY_NUMBER, number)
    finally:
        await connection.close()
    if found is None:
        raise Refused("application-unknown", f"there is no application {named}")
    return UUID(str(found))


def lines_of(
    kafka: str,
    application_id: UUID,
    until: datetime | None = None,
    *,
    topics: Sequence[str] = ABOUT_APPLICATIONS,
) -> list[Line]:
    """Every event of an application up to a moment, in order of time; raises KafkaSilent."""
    key, spans = str(application_id), spans_of(kafka, topics)
    count = {name: sum(span.topic == name for span in spans) for name in topics}
    there = [span for span in spans if span.partition == partition_of(key, count[span.topic])]
    lines = lines_in(key, chain.from_iterable(records_of(kafka, there)))
    return [line for line in lines if until is None or line.event.occurred_at <= until]


def lines_in(key: str, messages: Iterable[Message]) -> list[Line]:
    """Every event of a key among these records, in order of time."""
    check, lines, known = ChainCheck(), [], set()
    for message in messages:
        if message.key() != key.encode() or (link := link_of(message)) is None:
            continue
        fault = check.take(link)
        if link.event_id not in known or fault:
            known.add(link.event_id)
            lines.append(Line(link, _event(link), message.partition() or 0, message.offset() or 0, fault))
    return sorted(lines, key=lambda line: (line.event.occurred_at, line.link.topic, line.link.sequence))


def _event(link: Link) -> Event:
    """What was published; its private part stays sealed, for which nobody here has a key."""
    kind = KINDS[link.type]
    if not link.body:
        return kind.read_tombstone(link.key, datetime.fromisoformat(link.time))
    return kind.read(link.body)


def table_of(application_id: UUID, lines: list[Line]) -> Table:
    """The life as a person reads it, times of Shanghai."""
    persons = [line.event.person_id for line in lines if isinstance(line.event, ApplicationSubmitted)]
    named = [f"Application {application_id}", *(f"of person {one}" for one in persons)]
    title = "\n".join([*named, "(times of Shanghai)"])
    table = Table(
        title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0), expand=True
    )
    table.add_column("when", no_wrap=True)
    table.add_column("who", ratio=1)
    table.add_column("did what", ratio=3)
    for line in lines:
        deed, link = deed_of(line.event), line.link
        at = line.event.occurred_at.astimezone(SHANGHAI)
        who = deed.who or ("the applicant" if link.topic == APPLICATIONS.name else MENTE)
        place = f"{link.type}, {link.topic} partition {line.partition} offset {line.offset}"
        grouped = " ".join(link.hash[n : n + 8] for n in range(0, len(link.hash), 8))
        wrong = [(line.fault.sentence, "red")] if line.fault else []
        table.add_row(
            f"{at:%m-%d %H:%M:%S}.{at.microsecond // 100_000}",
            Lines((who, "")),
            Lines((deed.what, ""), (place, "dim"), (f"event {link.sequence}, hash {grouped}", "dim"), *wrong),
        )
    return table
