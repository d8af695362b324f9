"""SQL of the local copies of policies and calendars, and of the answers given on the bus."""

from collections.abc import Sequence
from typing import Any

from shared.contracts.calendars import CalendarDocument
from shared.contracts.policies import RegionPolicy
from shared.postgres import Database, Tx

KEEP_POLICIES = """
INSERT INTO policies (region, version, effective_from, document)
SELECT * FROM unnest($1::text[], $2::int[], $3::date[], $4::jsonb[])
ON CONFLICT (region, version) DO UPDATE
SET effective_from = EXCLUDED.effective_from, document = EXCLUDED.document"""


async def keep_policies(tx: Tx, policies: Sequence[RegionPolicy]) -> None:
    """Keep versions of region policies."""
    await tx.execute(
        KEEP_POLICIES,
        [policy.region for policy in policies],
        [policy.version for policy in policies],
        [policy.effective_from for policy in policies],
        [policy.model_dump(mode="json") for policy in policies],
    )


POLICY_VERSIONS = "SELECT region, version FROM policies"


async def policy_versions(database: Database) -> set[tuple[str, int]]:
    """Which versions of which regions are here."""
    return {(row["region"], row["version"]) for row in await database.fetch(POLICY_VERSIONS)}


UNUSED = (
    *("standards", "institutions", "national_codes", "guide", "benefit", "offices", "comparison"),
    *("checklist", "figures", "material_forms", "sources", "in_flight"),
)
"""The bulk of a policy, of which intake applies nothing."""

EMPTY: dict[str, list[str]] = {"guide": [], "benefit": []}
"""What a policy must have in its place."""

GET_POLICY = """
SELECT (document - $3::text[]) || $4::jsonb FROM policies WHERE region = $1 AND version = $2"""


async def get_policy(database: Database, region: str, version: int) -> RegionPolicy:
    """One version of a region's policy, without what intake does not apply."""
    document: Any = await database.fetchval(GET_POLICY, region, version, UNUSED, EMPTY)
    return RegionPolicy.model_validate(document, extra="ignore")


KEEP_CALENDARS = """
INSERT INTO calendars (year, version, document) SELECT * FROM unnest($1::int[], $2::int[], $3::jsonb[])
ON CONFLICT (year, version) DO UPDATE SET document = EXCLUDED.document"""


async def keep_calendars(tx: Tx, calendars: Sequence[CalendarDocument]) -> None:
    """Keep versions of yearly calendars."""
    await tx.execute(
        KEEP_CALENDARS,
        [calendar.year for calendar in calendars],
        [calendar.version for calendar in calendars],
        [calendar.model_dump(mode="json") for calendar in calendars],
    )
