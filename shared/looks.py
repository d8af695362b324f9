"""Who looked at which application, and who tried: recorded apart from the call, so that a refusal stays."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

import structlog
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field

from shared.errors import Unavailable
from shared.masking import describe, masked_text
from shared.postgres import Database
from shared.problems import problem

LATEST = 2**63 - 1

BY_CHANNEL, BY_CITIZEN = "channel", "citizen"
"""Stand for the roles of staff: a channel called, for itself or for the citizen whose name it has checked."""

log = structlog.get_logger()


class Became(StrEnum):
    """What became of a look: shown (or done), refused by a rule, or stopped by a fault."""

    SHOWN = "shown"
    REFUSED = "refused"
    FAILED = "failed"


@dataclass(slots=True)
class Look:
    """One call that shows an application or acts on it; routes and actions complete it.

    `act` is the name of the route. `reason` is what the caller stated, once it passed `require_nameless`.
    """

    actor: str
    roles: Sequence[str]
    act: str
    at: datetime
    applications: Sequence[UUID] = ()
    person_id: UUID | None = None
    fields: Sequence[str] = ()
    reason: str | None = None


class KeptLook(BaseModel):
    """A look as it was recorded; `code` says why it was refused or failed."""

    id: int
    at: datetime
    actor: str
    roles: list[str]
    act: str
    applications: list[UUID]
    person_id: UUID | None
    fields: list[str]
    reason: str | None
    outcome: Became
    code: str | None


class LookPage(BaseModel):
    """A page of looks, newest first; `next` goes into the parameter `before`, None after the last page."""

    looks: list[KeptLook]
    next: int | None


class LooksWanted(BaseModel):
    """Which looks: those at an application or a person, those of an actor, those before a place; so many."""

    application_id: UUID | None = None
    person_id: UUID | None = None
    actor: str | None = Field(default=None, max_length=200)
    before: int = Field(default=LATEST, ge=1, le=LATEST)
    limit: int = Field(default=50, ge=1, le=500)


@asynccontextmanager
async def recorded(database: Database, look: Look) -> AsyncIterator[Look]:
    """Record a look with what became of it, before anything of it is shown.

    Raises Unavailable `look-not-recorded` instead of letting out what could not be recorded. A refusal or
    fault goes on as it is; should it not be recorded, the log says so.
    """
    try:
        yield look
    except Exception as error:
        try:
            await _add(database, look, *_fate(error))
        except Exception as fault:
            _tell(look, fault)
        raise
    try:
        await _add(database, look, Became.SHOWN, None)
    except Exception as fault:
        _tell(look, fault)
        raise Unavailable("look-not-recorded", "this could not be recorded, so nothing is shown") from fault


def _fate(error: Exception) -> tuple[Became, str]:
    if isinstance(error, RequestValidationError):
        return Became.REFUSED, "request-invalid"
    status, details = problem(error)
    return Became.REFUSED if status < 500 else Became.FAILED, details["code"]


def _tell(look: Look, fault: Exception) -> None:
    log.error("look-not-recorded", actor=look.actor, act=look.act, error=describe(fault))


ADD = """
INSERT INTO looks (at, actor, roles, act, applications, person_id, fields, reason, outcome, code)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)"""


async def _add(database: Database, look: Look, became: Became, code: str | None) -> None:
    # `fetch` commits by itself as `execute` does, and does not wake the relay: there is no event.
    await database.fetch(
        ADD,
        look.at,
        look.actor,
        look.roles,
        look.act,
        look.applications,
        look.person_id,
        look.fields,
        masked_text(look.reason) if look.reason else None,
        became,
        code,
    )


LOOKS = """
SELECT id, at, actor, roles, act, applications, person_id, fields, reason, outcome, code
FROM looks WHERE id < $1"""


async def read_page(database: Database, wanted: LooksWanted) -> LookPage:
    """Read a page of looks, newest first."""
    # Only what is asked for stands in the statement, so that each filter finds its index.
    sql, values = LOOKS, [wanted.before]
    filters: list[tuple[str, Any]] = [
        ("applications @> ARRAY[{}::uuid]", wanted.application_id),
        ("person_id = {}", wanted.person_id),
        ("actor = {}", wanted.actor),
    ]
    for condition, value in filters:
        if value is not None:
            values.append(value)
            sql += f" AND {condition.format(f'${len(values)}')}"
    # The index of arrays knows no order: without the sum PostgreSQL may walk all ids back for a few rows.
    order = "id + 0" if wanted.application_id else "id"
    rows = await database.fetch(f"{sql} ORDER BY {order} DESC LIMIT {wanted.limit}", *values)
    looks = [KeptLook(**row) for row in rows]
    return LookPage(looks=looks, next=looks[-1].id if len(looks) == wanted.limit else None)
