"""SQL of a rebuild: cases folded from their own events, dossiers from intake's; and what is compared."""

from collections.abc import Mapping, Sequence
from uuid import UUID

from services.review.domain import Case, Dossier
from services.review.store.cases import DOSSIER, case_of
from shared.postgres import Tx
from shared.replaying import Compared, Tables, newest, shared_tables

READ_STATES = "SELECT application_id, state FROM cases WHERE application_id = ANY($1::uuid[])"


async def read_states(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, Case]:
    """Read how cases stand, whether their dossiers are here or not."""
    return {row["application_id"]: case_of(row) for row in await tx.fetch(READ_STATES, ids)}


READ_DOSSIERS = """
SELECT application_id, dossier FROM cases WHERE application_id = ANY($1::uuid[]) AND dossier <> 'null'"""


async def read_dossiers(tx: Tx, ids: Sequence[UUID]) -> dict[UUID, Dossier]:
    """Read dossiers, sealed."""
    found = await tx.fetch(READ_DOSSIERS, ids)
    return {row["application_id"]: DOSSIER.validate_python(row["dossier"], extra="ignore") for row in found}


KEEP_DOSSIERS = """
UPDATE cases SET dossier = new.dossier::jsonb
FROM unnest($1::uuid[], $2::text[]) AS new (id, dossier) WHERE cases.application_id = new.id"""


async def keep_dossiers(tx: Tx, dossiers: Mapping[UUID, Dossier]) -> None:
    """Write dossiers to their cases."""
    texts = [DOSSIER.dump_json(one, exclude_defaults=True).decode() for one in dossiers.values()]
    await tx.execute(KEEP_DOSSIERS, list(dossiers), texts)


CLAIM = "a claim is a lease of minutes that an officer takes; it is in no event"

TABLES: Tables = {
    **shared_tables("review.cases"),
    "cases": Compared(
        ("application_id",),
        "application_id",
        left_out={"claim_token": CLAIM, "claimed_by": CLAIM, "claim_expires_at": CLAIM},
    ),
    "expert_opinions": Compared(("application_id", "expert"), "application_id"),
    "decisions": Compared(("application_id",), "application_id"),
    "due_corrections": Compared(
        ("application_id", "corrected_at"), "application_id", left_out={"id": "a running number of the table"}
    ),
    "catalog_documents": Compared(
        ("kind", "key", "version"),
        "key",
        left_out={"kept_at": "the moment at which this service read it"},
        only=newest("catalog_documents", "kind", "key"),
    ),
}
