"""SQL of a rebuild: applications folded from what intake and review stated; and what is compared."""

from collections.abc import Sequence
from uuid import UUID

from services.intake.domain.following import names
from services.intake.store.json import as_json
from shared.contracts.applications import (
    ApplicationRetired,
    ApplicationSubmitted,
    ApplicationWithdrawn,
    MaterialSupplied,
)
from shared.contracts.base import Event
from shared.postgres import Database, Row, Tx
from shared.replaying import Compared, Tables, newest, shared_tables

Later = MaterialSupplied | ApplicationWithdrawn | ApplicationRetired
"""What intake states about an application after the first event; it comes after a number of case events."""

LATER: dict[str, type[Later]] = {
    kind.type: kind for kind in (MaterialSupplied, ApplicationWithdrawn, ApplicationRetired)
}

waiting = "waiting"
"""Where the later events of intake's own are put until those of review that came before them are here."""

SEVERAL_OPEN = "DROP INDEX applications_open"
"""All applications are opened before the first is ended, so a person may have several open ones."""

OPEN = """
INSERT INTO applications (
    application_id, acceptance_no, channel, idempotency_key, body_hash, region, disease_code,
    application_type, applicant_class, person_id, policy_version, previous_application_id, submitted_at,
    warnings, papers)
SELECT application_id, acceptance_no, channel, application_id::text, '', region, disease_code,
    application_type, applicant_class, person_id, policy_version, previous_application_id, submitted_at,
    warnings::jsonb, papers
FROM unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[], $7::text[], $8::uuid[],
            $9::int[], $10::uuid[], $11::timestamptz[], $12::text[], $13::text[])
     AS new (application_id, acceptance_no, channel, region, disease_code, application_type, applicant_class,
             person_id, policy_version, previous_application_id, submitted_at, warnings, papers)"""


async def open_applications(tx: Tx, submitted: Sequence[ApplicationSubmitted]) -> None:
    """Write applications as they were submitted."""
    rows = [
        (
            *(e.application_id, e.acceptance_no, e.channel, e.region, e.disease_code, e.application_type),
            *(e.applicant_class, e.person_id, e.policy_version, e.previous_application_id, e.occurred_at),
            *(as_json(e.warnings), ",".join(names(e.materials))),
        )
        for e in submitted
    ]
    await tx.execute(OPEN, *map(list, zip(*rows, strict=True)))


PUT_ASIDE = """
INSERT INTO parked (topic, partition, "offset", key, type, sequence, headers, body, record_timestamp, code,
                    reason, attempts)
SELECT $1, 0, row_number() OVER (), key, type, sequence, '[]', body, statement_timestamp(), $1, $1, 0
FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bytea[]) AS later (key, type, sequence, body)"""


async def put_aside(tx: Tx, events: Sequence[tuple[Event, int]]) -> None:
    """Let events, each with its sequence number, wait for those that came before them."""
    rows = [(event.key, event.type, number, event.model_dump_json().encode()) for event, number in events]
    await tx.execute(PUT_ASIDE, waiting, *map(list, zip(*rows, strict=True)))


READ_ASIDE = """
SELECT id, type, sequence, body FROM parked
WHERE state = 'open' AND topic = $1 AND key = ANY($2::text[]) ORDER BY key, sequence"""


async def read_aside(tx: Tx, ids: Sequence[UUID]) -> list[tuple[int, int, Later]]:
    """What waits of these applications, in order of each: row, sequence number, event."""
    return [_later(row) for row in await tx.fetch(READ_ASIDE, waiting, list(map(str, ids)))]


def _later(row: Row) -> tuple[int, int, Later]:
    return row["id"], row["sequence"], LATER[row["type"]].read(row["body"])


TAKE_UP = "DELETE FROM parked WHERE id = ANY($1::bigint[])"


async def take_up(tx: Tx, rows: Sequence[int]) -> None:
    """What waited has its effect now."""
    await tx.execute(TAKE_UP, rows)


STILL_ASIDE = """
SELECT DISTINCT key::uuid AS id
FROM (SELECT key FROM parked WHERE state = 'open' AND topic = $1 LIMIT $2) AS waits"""


async def still_aside(database: Database, most: int) -> list[UUID]:
    """Some applications of which something still waits."""
    return [row["id"] for row in await database.fetch(STILL_ASIDE, waiting, most)]


channels_own = "a key of the channel's call, which finds a repeat; it is in no event"
on_file = (
    "who asked, who agreed and when it was stated again is kept on file; "
    "the bus has a tombstone, which has no body"
)
let_go = "who asked, who agreed and how much was done is kept on file; each application's event names the run"
away = "it finds and opens papers in the object store, or what is left there; their keys are never on the bus"

TABLES: Tables = {
    **shared_tables("intake.applications"),
    "applications": Compared(
        ("application_id",),
        "application_id",
        left_out={"idempotency_key": channels_own, "body_hash": "a hash of that call's body, in no event"},
    ),
    "timeline": Compared(("application_id", "type", "sequence"), "application_id"),
    "materials": "it finds and opens papers in the object store; the key of a paper is never on the bus",
    "policies": Compared(("region", "version"), "region", only=newest("policies", "region")),
    "calendars": Compared(("year", "version"), "year", only=newest("calendars", "year")),
    "erasures": on_file,
    "erasure_approvals": on_file,
    "restatements": on_file,
    "exports": "who asked for a person's keys, which is in no event",
    "export_approvals": "who agreed to that, which is in no event",
    "retention_runs": let_go,
    "retention_approvals": let_go,
    "retention_batches": let_go,
    "archived_papers": away,
    "leftovers": away,
}
