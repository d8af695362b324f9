"""SQL of recipients, regions and new messages: what consuming an event writes."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from operator import attrgetter
from typing import NamedTuple
from uuid import UUID

from services.notify.domain.announcing import Details, Recipient, RegionRules
from shared.contracts.persons import PersonErased
from shared.postgres import Database, Tx


class NewMessage(NamedTuple):
    """A message as it is first written."""

    message_id: UUID
    application_id: UUID
    event_id: UUID
    channel: str
    template: str
    template_version: int
    details: Details
    occurred_at: datetime
    useful_until: datetime | None
    key_id: UUID | None
    sealed: str | None


ADD_MESSAGES = """
INSERT INTO messages (message_id, application_id, event_id, channel, template, template_version, details,
                      occurred_at, useful_until, key_id, sealed, created_at, due_at)
SELECT *, $12::timestamptz, $12::timestamptz
FROM unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::text[], $6::int[], $7::jsonb[],
            $8::timestamptz[], $9::timestamptz[], $10::uuid[], $11::text[])
ON CONFLICT (application_id, event_id, channel) DO NOTHING"""


async def add_messages(tx: Tx, messages: Sequence[NewMessage], now: datetime) -> None:
    """Write messages that are due at once; those that are there already stay as they are."""
    await tx.execute(ADD_MESSAGES, *map(list, zip(*messages, strict=True)), now)


ADD_RECIPIENTS = """
INSERT INTO recipients (application_id, person_id, region, acceptance_no, key_id, sealed)
SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::text[])
ON CONFLICT DO NOTHING"""


async def add_recipients(tx: Tx, recipients: Iterable[Recipient]) -> None:
    """Write the persons of new applications."""
    rows = [
        (r.application_id, r.person_id, r.region, r.acceptance_no, r.key_id, r.sealed) for r in recipients
    ]
    await tx.execute(ADD_RECIPIENTS, *map(list, zip(*rows, strict=True)))


ERASE_RECIPIENTS = """
UPDATE recipients r SET sealed = NULL
FROM unnest($1::uuid[], $2::timestamptz[]) AS erased (person_id, at)
WHERE r.person_id = erased.person_id AND EXISTS (
    SELECT FROM messages m WHERE m.application_id = r.application_id AND m.occurred_at <= erased.at)"""


async def erase_recipients(tx: Tx, erased: Sequence[PersonErased]) -> None:
    """Keep of persons nothing personal of what they had submitted until then, not even sealed.

    Who applied again afterwards has another key, and may be known here before the erasure is.
    """
    await tx.execute(ERASE_RECIPIENTS, [e.person_id for e in erased], [e.occurred_at for e in erased])


READ_VERSIONS = "SELECT region, max(version) AS version FROM regions GROUP BY region"


async def read_versions(database: Database) -> dict[str, int]:
    """Tell the newest version of each region's policy that is kept, in force or announced."""
    return {row["region"]: row["version"] for row in await database.fetch(READ_VERSIONS)}


KEEP_RULES = """
INSERT INTO regions (region, version, signature, division, entry, neutral, ways, material_names,
                     effective_from, limit_verified, appeals)
SELECT * FROM unnest($1::text[], $2::int[], $3::text[], $4::text[], $5::text[], $6::boolean[], $7::jsonb[],
                     $8::jsonb[], $9::date[], $10::boolean[], $11::boolean[])
ON CONFLICT (region, version) DO UPDATE
SET signature = EXCLUDED.signature, division = EXCLUDED.division, entry = EXCLUDED.entry,
    neutral = EXCLUDED.neutral, ways = EXCLUDED.ways, material_names = EXCLUDED.material_names,
    effective_from = EXCLUDED.effective_from, limit_verified = EXCLUDED.limit_verified,
    appeals = EXCLUDED.appeals"""


async def keep_rules(tx: Tx, rules: Iterable[RegionRules]) -> None:
    """Keep what notify needs of published policies, version by version."""
    await tx.execute(KEEP_RULES, *map(list, zip(*map(_as_kept, rules), strict=True)))


_as_kept = attrgetter(
    "region",
    "version",
    "signature",
    "division",
    "entry",
    "neutral",
    "ways",
    "material_names",
    "effective_from",
    "limit_verified",
    "appeals",
)
