"""Taking a case and giving it back."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.review import domain, store
from services.review.actions.shelf import Shelf
from services.review.domain import Claim, Holder, Officer
from shared.clock import shanghai_date
from shared.errors import Refused
from shared.person_keys import PersonKeys
from shared.postgres import Database

TRIES = 5
"""How often a claim is tried again when the case changed between reading and taking it."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where officers work: the database, the shelf with the rules, the data keys of persons."""

    database: Database
    shelf: Shelf
    keys: PersonKeys


async def claim_case(desk: Desk, application_id: UUID, officer: Officer, now: datetime) -> Claim:
    """Take a case for a lease, or renew the claim; Refused `case-claimed` while another holds it."""
    for _ in range(TRIES):
        row = await store.read_case(desk.database, application_id)
        book = await desk.shelf.rulebook(desk.database)
        rules = book.rules(row.case.region, row.case.policy_version, shanghai_date(now))
        domain.require_region(rules, officer)
        domain.require_seat(row.case, officer)
        claim = domain.granted(row.claim, officer, now)
        if await store.swap_claim(desk.database, row, claim):
            return claim
    raise Refused("case-claimed", "others are taking this case at the moment")


async def release_case(desk: Desk, application_id: UUID, holder: Holder, now: datetime) -> None:
    """Give a case back; Refused `claim-lost` if it is not the holder's any more."""
    row = await store.read_case(desk.database, application_id)
    domain.require_claim(row.claim, holder, now)
    if not await store.swap_claim(desk.database, row, domain.released(row.claim)):
        raise Refused("claim-lost", "the case has changed since you claimed it")
