"""Claims: columns of the case row that change by comparison, so that of many at once one wins."""

from uuid import UUID

from services.review.domain import Claim
from services.review.store.cases import CaseRow
from shared.postgres import Database

SWAP_CLAIM = """
UPDATE cases SET claim_token = $3, claimed_by = $4, claim_expires_at = $5
WHERE application_id = $1 AND sequence = $2
  AND claim_token = $6 AND claimed_by IS NOT DISTINCT FROM $7 AND claim_expires_at IS NOT DISTINCT FROM $8
RETURNING true"""


async def swap_claim(database: Database, row: CaseRow, claim: Claim) -> bool:
    """Replace the claim that was read unless case or claim have changed since; tells whether it was done."""
    before: Claim = row.claim
    application_id: UUID = row.case.application_id
    done = await database.fetchval(
        SWAP_CLAIM,
        application_id,
        row.case.sequence,
        claim.token,
        claim.holder,
        claim.expires_at,
        before.token,
        before.holder,
        before.expires_at,
    )
    return bool(done)
