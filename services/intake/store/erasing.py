"""SQL of erasures: who asked, who agreed, and what goes."""

from datetime import datetime, timedelta
from uuid import UUID

from asyncpg import UniqueViolationError

from services.intake.domain.erasing import Erasure, Numbered
from shared.errors import Refused
from shared.postgres import Tx

NUMBERS = """
SELECT acceptance_no, ended_at IS NOT NULL AS ended FROM applications
WHERE person_id = $1 AND ended_at IS NULL OR person_id = $1 AND ended_at IS NOT NULL FOR UPDATE"""


async def numbers_of(tx: Tx, person_id: UUID) -> list[Numbered]:
    """The applications of a person, which nobody changes until this transaction ends."""
    return [Numbered(row["acceptance_no"], row["ended"]) for row in await tx.fetch(NUMBERS, person_id)]


ADD_ERASURE = """
INSERT INTO erasures (erasure_id, person_id, reason, asked_by, asked_at) VALUES ($1, $2, $3, $4, $5)"""


async def add_erasure(tx: Tx, erasure: Erasure) -> None:
    """Write down that somebody asked."""
    who = (erasure.reason, erasure.asked_by, erasure.asked_at)
    await tx.execute(ADD_ERASURE, erasure.erasure_id, erasure.person_id, *who)


GET_ERASURE = """
SELECT erasure_id, person_id, reason, asked_by, asked_at FROM erasures WHERE erasure_id = $1"""


async def get_erasure(tx: Tx, erasure_id: UUID) -> Erasure | None:
    """What was asked; None if it was not."""
    row = await tx.fetchrow(GET_ERASURE, erasure_id)
    return Erasure(**row) if row else None


FORGET_KEY = "DELETE FROM person_keys WHERE person_id = $1"


async def forget_key(tx: Tx, person_id: UUID) -> None:
    """Delete the data key: whoever submits for this person now waits, and then makes a new one."""
    await tx.execute(FORGET_KEY, person_id)


LOCK_PAPERS = """
SELECT name FROM materials WHERE name IN (
    SELECT decode(unnest(string_to_array(papers, ',')), 'hex') FROM applications WHERE person_id = $1)
ORDER BY name FOR UPDATE"""

FORGET_PAPERS = """
WITH theirs AS (
    SELECT DISTINCT unnest(string_to_array(papers, ',')) AS name FROM applications
    WHERE person_id = $1 AND ended_at IS NOT NULL),
alone AS (
    SELECT name FROM theirs WHERE NOT EXISTS (
        SELECT FROM applications o WHERE o.person_id <> $1 AND o.papers LIKE '%' || theirs.name || '%'))
DELETE FROM materials m USING alone WHERE m.name = decode(alone.name, 'hex') RETURNING m.key_id"""


async def forget_papers(tx: Tx, person_id: UUID) -> list[UUID]:
    """Delete the keys of papers that only this person handed in; gives the ids by which they lie in store.

    They are locked before it is asked who else has them: who hands one in at this moment is seen, or waits.
    """
    await tx.execute(LOCK_PAPERS, person_id)
    return [row["key_id"] for row in await tx.fetch(FORGET_PAPERS, person_id)]


ADD_APPROVAL = """
INSERT INTO erasure_approvals (erasure_id, approved_by, approved_at) VALUES ($1, $2, $3)"""


async def add_approval(tx: Tx, erasure: Erasure, by: str, now: datetime) -> None:
    """Write down that another agreed; Refused `erasure-done` if one did before."""
    try:
        await tx.execute(ADD_APPROVAL, erasure.erasure_id, by, now)
    except UniqueViolationError:
        raise Refused("erasure-done", "this erasure was done before") from None


RESTATE = """
WITH due AS (
    SELECT a.erasure_id, count(r.nth) + 1 AS nth
    FROM erasure_approvals a LEFT JOIN restatements r ON r.erasure_id = a.erasure_id
    GROUP BY a.erasure_id
    HAVING count(r.nth) < $3 AND greatest(a.approved_at, max(r.stated_at)) < $2
    ORDER BY a.erasure_id LIMIT $4),
again AS (
    INSERT INTO restatements (erasure_id, nth, stated_at) SELECT erasure_id, nth, $1 FROM due
    ON CONFLICT DO NOTHING RETURNING erasure_id)
SELECT DISTINCT person_id FROM again JOIN erasures USING (erasure_id) ORDER BY person_id"""


async def restate(tx: Tx, now: datetime, lag: timedelta, times: int, most: int) -> list[UUID]:
    """Write down that erasures are stated again, each so often, `lag` apart; gives whose."""
    return [row["person_id"] for row in await tx.fetch(RESTATE, now, now - lag, times, most)]
