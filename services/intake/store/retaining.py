"""SQL of retention: what is due, and who asked and agreed that it goes."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, NamedTuple
from uuid import UUID

from services.intake.domain.following import Status
from services.intake.domain.retaining import Held, Kind, Rule, Run, due_on, kind_of
from shared.postgres import Database, Row, Tx

_OVER = f"CASE {{0}}.status WHEN '{Status.WITHDRAWN}' THEN r.undecided_before ELSE r.decided_before END"

_DUE = f"""
FROM applications a
JOIN unnest($1::text[], $2::timestamptz[], $3::timestamptz[], $4::boolean[])
    AS r (region, decided_before, undecided_before, keeps_predecessor) USING (region)
WHERE a.retired IS NULL AND a.ended_at < greatest(r.decided_before, r.undecided_before)
    AND a.ended_at < {_OVER.format("a")}
    AND NOT (r.keeps_predecessor AND EXISTS (
        SELECT FROM applications n WHERE n.previous_application_id = a.application_id AND n.retired IS NULL
            AND (n.ended_at IS NULL OR n.ended_at >= {_OVER.format("n")})))"""

COUNT_DUE = f"""
SELECT region, a.status = '{Status.WITHDRAWN}' AS undecided, count(*) AS applications,
       min(a.ended_at) AS oldest
{_DUE} GROUP BY region, undecided ORDER BY region, undecided"""


async def count_due(source: Tx | Database, rules: Mapping[str, Rule]) -> list[Held]:
    """How much is due, by region and kind."""
    return [_held(row, rules[row["region"]]) for row in await source.fetch(COUNT_DUE, *_arguments(rules))]


class Due(NamedTuple):
    """An application that is due, and since when."""

    application_id: UUID
    acceptance_no: str
    region: str
    kind: Kind
    ended_at: datetime
    due_on: date


LIST_DUE = f"""
SELECT a.application_id, a.acceptance_no, region, a.status, a.ended_at {_DUE}
AND ($5::uuid IS NULL OR (a.ended_at, a.application_id) > (
    SELECT ended_at, application_id FROM applications WHERE application_id = $5))
ORDER BY a.ended_at, a.application_id LIMIT $6"""  # noqa: S608 only constants of our own go in


async def list_due(source: Database, rules: Mapping[str, Rule], after: UUID | None, most: int) -> list[Due]:
    """Some of what is due, oldest end first, from the application after that one on."""
    return [_due(row, rules) for row in await source.fetch(LIST_DUE, *_arguments(rules), after, most)]


DUE_PERSONS = f"""
SELECT person_id FROM (SELECT a.person_id, a.ended_at {_DUE}) AS due
GROUP BY person_id ORDER BY min(ended_at), person_id LIMIT $5"""  # noqa: S608 only constants of our own go in


async def due_persons(source: Database, rules: Mapping[str, Rule], most: int) -> list[UUID]:
    """Some of the persons with an application that is due, oldest end first."""
    return [row["person_id"] for row in await source.fetch(DUE_PERSONS, *_arguments(rules), most)]


DUE_OF = f"""
SELECT a.application_id, a.acceptance_no, region, a.status, a.ended_at {_DUE}
AND a.person_id = $5 ORDER BY a.application_id"""


async def due_of(tx: Tx, rules: Mapping[str, Rule], person_id: UUID) -> list[Due]:
    """What of one person is due."""
    return [_due(row, rules) for row in await tx.fetch(DUE_OF, *_arguments(rules), person_id)]


LOCK_KEY = "SELECT key_id FROM person_keys WHERE person_id = $1 FOR UPDATE"


async def lock_key(tx: Tx, person_id: UUID) -> bool:
    """Let nobody submit for this person until this transaction ends; False if they have no key (any more)."""
    return await tx.fetchval(LOCK_KEY, person_id) is not None


ADD_RUN = (
    "INSERT INTO retention_runs (run_id, reason, asked_by, asked_at, counts) VALUES ($1, $2, $3, $4, $5)"
)


async def add_run(source: Database, run: Run, counts: Any) -> None:
    """Write down who asked for what."""
    await source.execute(ADD_RUN, run.run_id, run.reason, run.asked_by, run.asked_at, counts)


FIND_RUN = """
SELECT run_id, reason, asked_by, asked_at, approved_by
FROM retention_runs LEFT JOIN retention_approvals USING (run_id) WHERE run_id = $1"""


async def find_run(source: Tx | Database, run_id: UUID) -> Run | None:
    """What was asked, and who agreed; None if it was not."""
    row = await source.fetchrow(FIND_RUN, run_id)
    return Run(**row) if row else None


ADD_APPROVAL = """
INSERT INTO retention_approvals (run_id, approved_by, approved_at) VALUES ($1, $2, $3)
ON CONFLICT DO NOTHING RETURNING run_id"""


async def add_approval(source: Database, run_id: UUID, by: str, now: datetime) -> bool:
    """Write down that another agreed; False if one did before, maybe at this moment."""
    return await source.fetchval(ADD_APPROVAL, run_id, by, now) is not None


ADD_BATCH = "INSERT INTO retention_batches (run_id, at, counts) VALUES ($1, $2, $3)"


async def add_batch(source: Database, run_id: UUID, now: datetime, counts: Mapping[str, int]) -> None:
    """Write down how much was done."""
    await source.execute(ADD_BATCH, run_id, now, dict(counts))


def _arguments(rules: Mapping[str, Rule]) -> tuple[Sequence[Any], ...]:
    ordered = list(rules.values())
    return (
        list(rules),
        [rule.ended_before(Kind.DETERMINATION) for rule in ordered],
        [rule.ended_before(Kind.UNDECIDED) for rule in ordered],
        [rule.policy.retention.keeps_predecessor.v for rule in ordered],
    )


def _held(row: Row, rule: Rule) -> Held:
    kind = Kind.UNDECIDED if row["undecided"] else Kind.DETERMINATION
    return Held(
        region=row["region"],
        kind=kind,
        disposal=rule.policy.retention.when_due.v,
        policy_version=rule.policy.version,
        applications=row["applications"],
        due_since=due_on(rule.policy.retention, kind, row["oldest"]),
    )


def _due(row: Row, rules: Mapping[str, Rule]) -> Due:
    kind, place = kind_of(row["status"]), (row["application_id"], row["acceptance_no"], row["region"])
    since = due_on(rules[row["region"]].policy.retention, kind, row["ended_at"])
    return Due(*place, kind, row["ended_at"], since)
