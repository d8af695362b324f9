"""SQL of applications as they stand, and of their timelines."""

from collections.abc import Collection, Iterable, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from services.intake.domain.following import Application, Status
from services.intake.domain.timeline import Entry
from shared.contracts.base import Event
from shared.contracts.cases import DecisionMade, MaterialRequested, Stage
from shared.contracts.retention import Disposal
from shared.postgres import Database, Tx

APPLICATION = """
SELECT application_id, acceptance_no, channel, region, disease_code, application_type, applicant_class,
       person_id, policy_version, submitted_at, previous_application_id, status, stage, sequence, due_on,
       due_provisional, due_paused, round, asked::text, answered, decision::text,
       ended_at, papers, retired, followed
FROM applications """

FIND_BY_NUMBERS = APPLICATION + "WHERE acceptance_no = ANY($1::text[])"


async def find_applications(tx: Tx | Database, numbers: Collection[str]) -> dict[str, Application]:
    """Applications as they stand, by acceptance number."""
    found = await tx.fetch(FIND_BY_NUMBERS, list(numbers))
    return {row["acceptance_no"]: _application(row) for row in found}


LOCK_BY_NUMBER = APPLICATION + "WHERE acceptance_no = $1 FOR UPDATE"


async def lock_application(tx: Tx, number: str) -> Application | None:
    """One application, for nobody else to change until this transaction ends."""
    row = await tx.fetchrow(LOCK_BY_NUMBER, number)
    return _application(row) if row else None


LOCK_BY_IDS = APPLICATION + "WHERE application_id = ANY($1::uuid[]) ORDER BY application_id FOR UPDATE"


async def lock_applications(tx: Tx, ids: Collection[UUID]) -> dict[UUID, Application]:
    """Applications by id, locked in one order."""
    return {row["application_id"]: _application(row) for row in await tx.fetch(LOCK_BY_IDS, list(ids))}


LOCK_OF_PERSON = (
    APPLICATION
    + "WHERE person_id = $1 AND ended_at IS NULL OR person_id = $1 AND ended_at IS NOT NULL "
    + "ORDER BY application_id FOR UPDATE"
)


async def lock_applications_of(tx: Tx, person_id: UUID) -> dict[UUID, Application]:
    """All applications of a person, locked in one order; the two halves have an index each."""
    return {row["application_id"]: _application(row) for row in await tx.fetch(LOCK_OF_PERSON, person_id)}


def _application(row: asyncpg.Record) -> Application:
    asked, decision = row["asked"], row["decision"]
    return Application(
        **{name: row[name] for name in AS_THEY_ARE},
        status=Status(row["status"]),
        stage=Stage(row["stage"]) if row["stage"] else None,
        retired=Disposal(row["retired"]) if row["retired"] else None,
        papers=tuple(filter(None, row["papers"].split(","))),
        asked=MaterialRequested.read(asked.encode()) if asked else None,
        decision=DecisionMade.read(decision.encode()) if decision else None,
    )


AS_THEY_ARE = tuple(
    name
    for name in Application.__dataclass_fields__
    if name not in {"status", "stage", "asked", "decision", "papers", "retired"}
)

SAVE = """
UPDATE applications a
SET status = n.status, stage = n.stage, sequence = n.sequence, due_on = n.due_on,
    due_provisional = n.due_provisional, due_paused = n.due_paused, round = n.round, asked = n.asked::jsonb,
    answered = n.answered, decision = n.decision::jsonb, ended_at = n.ended_at, papers = n.papers,
    retired = n.retired, followed = n.followed
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::bigint[], $5::date[], $6::boolean[], $7::boolean[],
            $8::int[], $9::text[], $10::text[], $11::text[], $12::timestamptz[], $13::text[],
            $14::text[], $15::bigint[])
     AS n (application_id, status, stage, sequence, due_on, due_provisional, due_paused, round, asked,
           answered, decision, ended_at, papers, retired, followed)
WHERE a.application_id = n.application_id"""


async def save_applications(tx: Tx, applications: Iterable[Application]) -> None:
    """Write applications as they now stand."""
    columns = zip(*map(_standing, applications), strict=True)
    await tx.execute(SAVE, *(list(column) for column in columns))


def _standing(a: Application) -> tuple[Any, ...]:
    return (
        *(a.application_id, a.status, a.stage, a.sequence, a.due_on, a.due_provisional, a.due_paused),
        *(a.round, _as_json(a.asked), a.answered, _as_json(a.decision), a.ended_at, ",".join(a.papers)),
        *(a.retired, a.followed),
    )


def _as_json(event: Event | None) -> str | None:
    return event.model_dump_json(exclude_none=True) if event else None


ADD_ENTRIES = """
INSERT INTO timeline (application_id, type, sequence, occurred_at, sentence, sentence_zh)
SELECT * FROM unnest($1::uuid[], $2::text[], $3::bigint[], $4::timestamptz[], $5::text[], $6::text[])
ON CONFLICT DO NOTHING"""


async def add_entries(tx: Tx, entries: Sequence[tuple[UUID, int, Entry]]) -> None:
    """Add lines to timelines: application, the event's sequence number on its topic, the line."""
    lines = [entry for _, _, entry in entries]
    await tx.execute(
        ADD_ENTRIES,
        [application_id for application_id, _, _ in entries],
        [line.type for line in lines],
        [sequence for _, sequence, _ in entries],
        [line.at for line in lines],
        [line.sentence for line in lines],
        [line.sentence_zh for line in lines],
    )


TIMELINE = """
SELECT type, occurred_at, sentence, sentence_zh FROM timeline
WHERE application_id = $1 ORDER BY occurred_at, sequence"""


async def timeline(database: Database, application_id: UUID) -> list[Entry]:
    """What followed the submission, in order of time."""
    found = await database.fetch(TIMELINE, application_id)
    return [Entry(row["type"], row["occurred_at"], row["sentence"], row["sentence_zh"]) for row in found]
