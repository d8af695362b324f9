"""Rows of cases: state, stated events and dossier go in and come out as the domain knows them."""

import asyncio
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any
from uuid import UUID

from asyncpg import Record, UniqueViolationError
from pydantic import TypeAdapter

from services.review.domain import Case, Claim, Dossier
from shared.contracts.base import Event
from shared.contracts.cases import CaseEvent, DecisionMade, ExpertOpinionGiven
from shared.contracts.topics import CASES
from shared.errors import Refused
from shared.postgres import Database, Tx

STATE = TypeAdapter(Case)
DOSSIER = TypeAdapter(Dossier)
PART = 125
"""New cases per statement: few enough to leave for the database in one write, so that both work at once."""

EVENTS: dict[str, type[Event]] = {kind.type: kind for kind in CASES.events}


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case as it is stored, with its claim and its dossier."""

    case: Case
    claim: Claim
    dossier: Dossier


@dataclass(frozen=True, slots=True)
class Change:
    """What is to be stored of a case: new state, the events that led there, the dossier if it grew."""

    case: Case
    events: Sequence[CaseEvent]
    dossier: Dossier | None = None


INSERT_CASES = """
INSERT INTO cases (application_id, region, status, stage, due_on, due_provisional, sequence, state, events,
                   dossier, opened_at, changed_at)
SELECT id, region, status, stage, due_on, provisional, sequence, state::jsonb, events::jsonb,
       coalesce(dossier, 'null')::jsonb, opened_at, changed_at
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::date[], $6::boolean[], $7::bigint[],
            $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[])
     AS new (id, region, status, stage, due_on, provisional, sequence, state, events, dossier, opened_at,
             changed_at)
ON CONFLICT (application_id) DO NOTHING RETURNING application_id"""


async def insert_cases(tx: Tx, changes: Iterable[Change]) -> list[Change]:
    """Add new cases; gives the changes of those that were not there before.

    The changes are taken part by part: while the database writes one part, the next is worked out.
    """
    coming, fresh = iter(changes), list[Change]()
    part, columns = _next_part(coming)
    while part:
        writing = asyncio.create_task(tx.fetch(INSERT_CASES, *columns))
        await asyncio.sleep(0)
        try:
            following, columns = _next_part(coming)
        finally:
            added = {row["application_id"] for row in await writing}
        fresh += [change for change in part if change.case.application_id in added]
        part = following
    return fresh


SAVE_CASES = """
UPDATE cases SET region = new.region, status = new.status, stage = new.stage, due_on = new.due_on,
    due_provisional = new.provisional, sequence = new.sequence, state = new.state::jsonb,
    events = cases.events || new.events::jsonb, dossier = coalesce(new.dossier::jsonb, cases.dossier),
    claimed_by = NULL, claim_expires_at = NULL, changed_at = new.changed_at
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::date[], $6::boolean[], $7::bigint[],
            $8::text[], $9::text[], $10::text[], $11::timestamptz[], $12::timestamptz[])
     AS new (id, region, status, stage, due_on, provisional, sequence, state, events, dossier, opened_at,
             changed_at)
WHERE cases.application_id = new.id"""


async def save_cases(tx: Tx, changes: Sequence[Change]) -> None:
    """Write the state of locked cases, append their events, and end their claims."""
    await tx.execute(SAVE_CASES, *_columns(changes))


CORRECT_CASES = """
UPDATE cases SET due_on = new.due_on, due_provisional = new.provisional, sequence = new.sequence,
    state = new.state::jsonb, events = cases.events || new.events::jsonb, changed_at = new.changed_at
FROM unnest($1::uuid[], $2::date[], $3::boolean[], $4::bigint[], $5::text[], $6::text[], $7::timestamptz[])
     AS new (id, due_on, provisional, sequence, state, events, changed_at)
WHERE cases.application_id = new.id"""


async def correct_cases(tx: Tx, changes: Sequence[Change]) -> None:
    """Write locked cases whose due date was corrected; whoever has claimed one keeps it."""
    ids, _, _, _, due_on, provisional, sequence, state, events, _, _, changed_at = _columns(changes)
    await tx.execute(CORRECT_CASES, ids, due_on, provisional, sequence, state, events, changed_at)


LOCK_CASES = """
SELECT state, dossier, claim_token, claimed_by, claim_expires_at FROM cases
WHERE application_id = ANY($1::uuid[]) ORDER BY application_id FOR UPDATE"""


async def lock_cases(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, CaseRow]:
    """Lock cases until the transaction ends; ids that are not known are left out."""
    found = [_row(record) for record in await tx.fetch(LOCK_CASES, ids)]
    return {row.case.application_id: row for row in found}


async def lock_case(tx: Tx, application_id: UUID) -> CaseRow:
    """Lock one case until the transaction ends; Refused `case-unknown` (404)."""
    rows = await lock_cases(tx, [application_id])
    if application_id not in rows:
        raise unknown_case()
    return rows[application_id]


READ_CASE = """
SELECT state, dossier, claim_token, claimed_by, claim_expires_at FROM cases WHERE application_id = $1"""


async def read_case(database: Database, application_id: UUID) -> CaseRow:
    """Read one case without a lock; Refused `case-unknown` (404)."""
    record = await database.fetchrow(READ_CASE, application_id)
    if record is None:
        raise unknown_case()
    return _row(record)


READ_EVENTS = "SELECT events FROM cases WHERE application_id = $1"


async def read_events(database: Database, application_id: UUID) -> list[CaseEvent]:
    """Read the events that were stated about a case, in order."""
    return [_event(stored) for stored in await database.fetchval(READ_EVENTS, application_id) or []]


ADD_OPINION = """
INSERT INTO expert_opinions (application_id, expert, recommendation, given_at) VALUES ($1, $2, $3, $4)"""


async def add_opinion(tx: Tx, event: ExpertOpinionGiven) -> None:
    """Count an expert's voice; Refused `opinion-given` if it was counted before."""
    try:
        await tx.execute(
            ADD_OPINION, event.application_id, event.expert, event.recommendation, event.occurred_at
        )
    except UniqueViolationError:
        raise Refused("opinion-given", "you have given your opinion on this case") from None


ADD_DECISION = """
INSERT INTO decisions (application_id, outcome, decided_by, first_reviewer, policy_version, decided_at)
VALUES ($1, $2, $3, $4, $5, $6)"""


async def add_decision(tx: Tx, event: DecisionMade) -> None:
    """Make a decision the only one; Refused `case-decided` if there is one."""
    decided = (event.outcome, event.decided_by, event.first_reviewer, event.policy_version, event.occurred_at)
    try:
        await tx.execute(ADD_DECISION, event.application_id, *decided)
    except UniqueViolationError:
        raise Refused("case-decided", "the case is decided; a decision is not taken twice") from None


def unknown_case() -> Refused:
    """The refusal for a case that review does not hold."""
    return Refused("case-unknown", "there is no such case", status=404)


def claim_of(record: Record) -> Claim:
    """Read the claim columns of a row."""
    return Claim(record["claim_token"], record["claimed_by"], record["claim_expires_at"])


def case_of(record: Record) -> Case:
    """Read the state column of a row."""
    return STATE.validate_python(record["state"])


def _next_part(coming: Iterator[Change]) -> tuple[list[Change], list[list[Any]]]:
    part = list(islice(coming, PART))
    return part, _columns(part)


def _columns(changes: Sequence[Change]) -> list[list[Any]]:
    cases = [change.case for change in changes]
    return [
        [case.application_id for case in cases],
        [case.region for case in cases],
        [case.status for case in cases],
        [case.stage for case in cases],
        [case.due_on for case in cases],
        [case.due_provisional for case in cases],
        [case.sequence for case in cases],
        [STATE.dump_json(case, exclude_defaults=True).decode() for case in cases],
        [_events_json(change.events) for change in changes],
        [
            DOSSIER.dump_json(c.dossier, exclude_defaults=True).decode() if c.dossier else None
            for c in changes
        ],
        [case.opened_at for case in cases],
        [case.changed_at for case in cases],
    ]


def _events_json(events: Sequence[CaseEvent]) -> str:
    stored = [f'{{"type":"{e.type}","body":{e.model_dump_json(exclude_none=True)}}}' for e in events]
    return f"[{','.join(stored)}]"


def _event(stored: dict[str, Any]) -> CaseEvent:
    event = EVENTS[stored["type"]].model_validate(stored["body"], extra="ignore")
    if not isinstance(event, CaseEvent):
        raise TypeError(f"{stored['type']} is not about a case")
    return event


def _row(record: Record) -> CaseRow:
    dossier = DOSSIER.validate_python(record["dossier"], extra="ignore")
    return CaseRow(case_of(record), claim_of(record), dossier)
