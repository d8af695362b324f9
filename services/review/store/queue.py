"""The queue: waiting cases by due date, page by page, and how many wait."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from services.review.domain import Case, Claim
from services.review.store.cases import case_of, claim_of
from shared.contracts.cases import Stage
from shared.postgres import Database

FIRST_ID = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the queue: due date, then id."""

    due_on: date
    application_id: UUID


START = Place(date.min, FIRST_ID)


@dataclass(frozen=True, slots=True)
class Waiting:
    """A waiting case with its claim."""

    case: Case
    claim: Claim
    place: Place


@dataclass(frozen=True, slots=True)
class Backlog:
    """How many cases wait in a region at a stage, how many of them past their due date or provisionally."""

    region: str
    stage: str
    waiting: int
    overdue: int
    provisional: int


READ_QUEUE = """
SELECT page.* FROM unnest($1::text[]) AS r (region) CROSS JOIN unnest($2::text[]) AS s (stage)
CROSS JOIN LATERAL (
    SELECT application_id, due_on, state, claim_token, claimed_by, claim_expires_at FROM cases
    WHERE status = 'waiting' AND cases.region = r.region AND cases.stage = s.stage
      AND (due_on, application_id) > ($3, $4)
    ORDER BY due_on, application_id LIMIT $5
) AS page ORDER BY due_on, application_id LIMIT $5"""


async def read_queue(
    database: Database, regions: Sequence[str], stages: Sequence[Stage], after: Place, limit: int
) -> list[Waiting]:
    """Read one page of waiting cases behind a place, the most urgent first."""
    rows = await database.fetch(READ_QUEUE, regions, stages, after.due_on, after.application_id, limit)
    return [Waiting(case_of(row), claim_of(row), Place(row["due_on"], row["application_id"])) for row in rows]


COUNT_WAITING = """
SELECT region, stage, count(*) AS waiting, count(*) FILTER (WHERE due_on < $1) AS overdue,
       count(*) FILTER (WHERE due_provisional) AS provisional
FROM cases WHERE status = 'waiting' GROUP BY region, stage"""


async def count_waiting(database: Database, today: date) -> list[Backlog]:
    """Count the queue by region and stage."""
    return [Backlog(**dict(row)) for row in await database.fetch(COUNT_WAITING, today)]
