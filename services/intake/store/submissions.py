"""SQL of submissions: what is new is written, what is not is found."""

from collections.abc import Collection, Sequence
from typing import Any
from uuid import UUID

import asyncpg

from services.intake.domain.following import names
from services.intake.domain.submitting import Offer, Submission
from services.intake.store.json import as_json
from services.intake.store.person_keys import key_made
from shared import outbox
from shared.contracts.submissions import Defect, Receipt
from shared.person_keys import Made
from shared.postgres import Database, Tx

INSERT_APPLICATIONS = f"""
WITH made AS (INSERT INTO person_keys (person_id, key_id, algorithm, master, box, made_at)
SELECT *, $32::timestamptz FROM unnest($27::uuid[], $28::uuid[], $29::text[], $30::text[], $31::bytea[])
ON CONFLICT DO NOTHING RETURNING person_id, key_id),
live AS (SELECT key_id FROM person_keys WHERE key_id = ANY($26::uuid[]) FOR KEY SHARE),
sealed AS (SELECT key_id FROM made UNION ALL SELECT key_id FROM live),
held AS (SELECT name FROM materials
WHERE (SELECT count(*) FROM sealed) > 0 AND name = ANY($34::bytea[]) AND leaving_at IS NULL
ORDER BY name FOR KEY SHARE),
new AS (INSERT INTO applications (
    application_id, acceptance_no, channel, idempotency_key, body_hash, region, disease_code,
    application_type, applicant_class, person_id, policy_version, previous_application_id, submitted_at,
    warnings, papers)
SELECT
    application_id, acceptance_no, channel, idempotency_key, body_hash, region, disease_code,
    application_type, applicant_class, person_id, policy_version, previous_application_id, submitted_at,
    warnings::jsonb, papers
FROM unnest(
    $12::uuid[], $13::text[], $14::text[], $15::text[], $16::bytea[], $17::text[], $18::text[],
    $19::text[], $20::text[], $21::uuid[], $22::int[], $23::uuid[], $24::timestamptz[], $25::text[],
    $26::uuid[], $33::text[])
AS new (
    application_id, acceptance_no, channel, idempotency_key, body_hash, region, disease_code,
    application_type, applicant_class, person_id, policy_version, previous_application_id, submitted_at,
    warnings, key_id, papers)
WHERE key_id = ANY(ARRAY(SELECT key_id FROM sealed))
AND string_to_array(papers, ',') <@ ARRAY(SELECT encode(name, 'hex') FROM held)
ON CONFLICT DO NOTHING RETURNING application_id),
fresh AS (SELECT application_id::text AS key FROM new UNION ALL SELECT person_id::text FROM made),
told AS ({outbox.ADD} WHERE key = ANY(ARRAY(SELECT key FROM fresh))),
chained AS (INSERT INTO chains (topic, key, sequence, hash) SELECT topic, key, sequence, hash {outbox.TIPS}
            WHERE key = ANY(ARRAY(SELECT application_id::text FROM new)))
SELECT application_id FROM new"""  # noqa: S608 only constants of our own go in


async def insert_applications(
    source: Tx | Database, submissions: Collection[Submission], made: Collection[Made]
) -> set[UUID]:
    """Write what is new, state it, and give its ids; a used key or a person with an open one is passed over.

    So is one that was sealed under a data key that is not the person's: another was quicker to make theirs.
    So is one whose papers are not all there any more; those that are stay until this is committed, and are
    locked after the keys, as an erasure locks them.

    One statement, which is a transaction where there is none: round trips are what a submission waits for.
    Arrays are asked and no joins made, which would take the rows in an order of their own.
    Only applications have chains: of the events about a key, compaction keeps no more than the last.
    The rows are in before their outbox ids are drawn, because an event is only added for a row that is new.

    Rows go in by person, so that two processes with the same repeats wait for each other in one order.
    """
    if not submissions:
        return set()
    ordered = sorted(submissions, key=lambda s: (s.event.person_id.int, s.event.disease_code, s.offer.key))
    columns = zip(*map(_row, ordered), strict=True)
    keys = sorted(made, key=lambda one: one.person_id.int)
    now = max(submission.event.occurred_at for submission in ordered)
    events = [*(key_made(one, now) for one in keys), *(submission.event for submission in ordered)]
    stated = outbox.chain(events, {})
    told = (*outbox.arguments(stated), [one.hash for one in stated])
    kept = _columns(keys)
    papers = [names(submission.event.materials) for submission in ordered]
    held = [bytes.fromhex(name) for name in {name for of_one in papers for name in of_one}]
    columns_of_papers = ([",".join(of_one) for of_one in papers], held)
    found = await source.fetch(
        INSERT_APPLICATIONS, *told, *(list(column) for column in columns), *kept, now, *columns_of_papers
    )
    return {row["application_id"] for row in found}


def _row(submission: Submission) -> tuple[Any, ...]:
    event, offer = submission.event, submission.offer
    return (
        event.application_id,
        event.acceptance_no,
        event.channel,
        offer.key,
        offer.body_hash,
        event.region,
        event.disease_code,
        event.application_type,
        event.applicant_class,
        event.person_id,
        event.policy_version,
        event.previous_application_id,
        event.occurred_at,
        as_json(event.warnings),
        event.key_id,
    )


def _columns(made: Sequence[Made]) -> list[list[Any]]:
    wrapped = [one.wrapped for one in made]
    return [
        [one.person_id for one in made],
        [one.key_id for one in wrapped],
        [one.algorithm.value for one in wrapped],
        [one.master for one in wrapped],
        [one.box for one in wrapped],
    ]


FIND_RECEIPTS = """
SELECT a.channel, a.idempotency_key, a.acceptance_no, a.application_id, a.person_id, a.region,
       a.submitted_at, encode(a.body_hash, 'hex') AS body_hash, a.warnings
FROM unnest($1::text[], $2::text[]) AS k (channel, idempotency_key)
JOIN applications a USING (channel, idempotency_key)"""


async def find_receipts(source: Tx | Database, offers: Sequence[Offer]) -> dict[tuple[str, str], Receipt]:
    """The receipts that were given before, by channel and idempotency key."""
    found = await source.fetch(FIND_RECEIPTS, [o.channel for o in offers], [o.key for o in offers])
    return {(row["channel"], row["idempotency_key"]): _receipt(row) for row in found}


def _receipt(row: asyncpg.Record) -> Receipt:
    return Receipt(
        acceptance_no=row["acceptance_no"],
        application_id=row["application_id"],
        person_id=row["person_id"],
        region=row["region"],
        submitted_at=row["submitted_at"],
        body_hash=row["body_hash"],
        warnings=[Defect(**warning) for warning in row["warnings"] or ()],
    )


FIND_OPEN = """
SELECT a.person_id, a.region, a.disease_code, a.acceptance_no
FROM unnest($1::uuid[], $2::text[], $3::text[]) AS k (person_id, region, disease_code)
JOIN applications a USING (person_id, region, disease_code) WHERE a.ended_at IS NULL"""


async def find_open(
    source: Tx | Database, submissions: Sequence[Submission]
) -> dict[tuple[UUID, str, str], str]:
    """The acceptance numbers of open applications, by person, region and disease."""
    events = [submission.event for submission in submissions]
    persons, regions = [e.person_id for e in events], [e.region for e in events]
    found = await source.fetch(FIND_OPEN, persons, regions, [e.disease_code for e in events])
    return {(row["person_id"], row["region"], row["disease_code"]): row["acceptance_no"] for row in found}
