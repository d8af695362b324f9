"""Who looked at one application, told from the records that every service keeps of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import asyncpg
import httpx
from rich.table import Table

from deploy.demo.telling import CHANNEL_NAMES, STAFF
from deploy.demo.wrapping import Lines
from deploy.local.stack import Stack
from shared.clock import SHANGHAI
from shared.errors import Refused, Unavailable
from shared.postgres import AWAY

KEEPERS = ("intake", "review", "notify")
PAGE = 500
PERSON = "SELECT person_id FROM applications WHERE application_id = $1"
FORM = {"grant_type": "password"}

SEEN: Mapping[str, str] = {
    "get_application": "its status and timeline",
    "get_queue": "its line in the queue",
    "get_case": "the case, persons masked",
    "get_deadline": "how its deadline is counted",
    "get_advice": "what the standard says of its papers",
    "post_advice": "what the standard says of what was entered",
    "post_unmask": "in full",
    "get_messages": "what was sent to the person",
    "get_inbox": "the person's inbox",
    "get_notices": "which calendar years are missing",
    "get_looks": "who looked at it",
    "get_retention": "what is due to go",
}
DONE: Mapping[str, str] = {
    "post_supplement": "hand in what was missing",
    "post_withdrawal": "take the application back",
    "post_erasure": "ask to erase the person",
    "post_erasure_approval": "erase the person",
    "post_export": "ask for the keys of its evidence",
    "post_export_approval": "give out the keys of its evidence",
    "post_retention_run": "ask that what is due goes",
    "post_retention_approval": "agree that what is due goes",
    "post_retention_batch": "let go what is due",
    "post_claim": "take the case",
    "post_release": "give the case back",
    "post_accept": "accept the application",
    "post_material_request": "ask for material",
    "post_forward": "hand the case on",
    "post_opinion": "recommend as an expert",
    "post_decision": "decide",
    "post_read": "mark a message as read",
}


@dataclass(frozen=True, slots=True)
class Access:
    """One look as a service recorded it."""

    service: str
    look: Mapping[str, Any]

    @property
    def at(self) -> datetime:
        """When."""
        return datetime.fromisoformat(self.look["at"])

    @property
    def who(self) -> str:
        """The name of the member of staff or of the channel, as far as it is known here."""
        actor, roles = self.look["actor"], self.look["roles"]
        if "citizen" in roles:
            return f"the person, vouched for by {CHANNEL_NAMES.get(actor, actor)}"
        if "channel" in roles:
            return f"{CHANNEL_NAMES.get(actor, actor)}, a channel"
        name = STAFF[actor]["name"] if actor in STAFF else actor
        return f"{name} ({', '.join(roles)})"

    @property
    def what(self) -> str:
        """What they saw or did, or wanted to."""
        act = self.look["act"]
        if act in DONE:
            return DONE[act]
        fields = ", ".join(self.look["fields"])
        return " ".join(filter(None, (fields.replace("_", " "), SEEN.get(act, act))))

    @property
    def outcome(self) -> str:
        """What became of it; the code of a refusal or fault."""
        outcome, code = self.look["outcome"], self.look["code"]
        if code:
            return f"{outcome}: {code}"
        return "done" if self.look["act"] in DONE else str(outcome)

    def facts(self) -> dict[str, Any]:
        """The look for programs."""
        return {"service": self.service, **self.look}


async def person_of(stack: Stack, application_id: UUID) -> UUID | None:
    """The person of an application, whose erasure and inbox are recorded under their id; None if unknown."""
    try:
        connection = await asyncpg.connect(stack.database_as_admin("intake"), timeout=5)
    except AWAY:
        raise Unavailable("database-away", "intake's database does not answer") from None
    try:
        found = await connection.fetchval(PERSON, application_id)
    finally:
        await connection.close()
    return UUID(str(found)) if found else None


def accesses_of(stack: Stack, application_id: UUID, person_id: UUID | None, by: str) -> list[Access]:
    """Every look at an application or its person, oldest first; `by` signs in as an auditor.

    Raises Refused when the auditor is not known or may not, Unavailable when a service does not answer.
    """
    wanted = [{"application_id": str(application_id)}]
    wanted += [{"person_id": str(person_id)}] if person_id else []
    found: dict[tuple[str, int], Access] = {}
    try:
        with httpx.Client(timeout=30, trust_env=False) as http:
            badge = _sign_in(http, stack, by)
            for service in KEEPERS:
                place = f"{stack.service_url(service)}/api/{service}/looks"
                for asked in wanted:
                    for look in _pages(http, place, badge, asked):
                        # A page of the person's inbox may have shown other applications alone.
                        if not look["applications"] or str(application_id) in look["applications"]:
                            found[service, look["id"]] = Access(service, look)
    except httpx.HTTPError:
        raise Unavailable("service-away", "the services do not answer: `mente status` shows why") from None
    return sorted(found.values(), key=lambda one: (one.at, one.service, one.look["id"]))


def table_of(application_id: UUID, accesses: list[Access]) -> Table:
    """The record as a person reads it, times of Shanghai."""
    title = f"Who looked at application {application_id} (times of Shanghai)"
    table = Table(
        title=title, title_justify="left", box=None, pad_edge=False, padding=(0, 2, 0, 0), expand=True
    )
    table.add_column("when", no_wrap=True)
    table.add_column("who", ratio=2)
    table.add_column("what", ratio=3)
    table.add_column("outcome", ratio=2)
    for one in accesses:
        why = [(f"reason: {one.look['reason']}", "dim")] if one.look["reason"] else []
        colour = "" if one.look["outcome"] == "shown" else "red"
        table.add_row(
            f"{one.at.astimezone(SHANGHAI):%m-%d %H:%M:%S}",
            Lines((one.who, "")),
            Lines((one.what, ""), *why),
            Lines((one.outcome, colour)),
        )
    return table


def _sign_in(http: httpx.Client, stack: Stack, who: str) -> dict[str, str]:
    answer = http.post(f"{stack.oidc_issuer}/token", data={**FORM, "username": who})
    if answer.status_code != 200:
        raise Refused("staff-unknown", f"nobody of the name {who} works here")
    return {"authorization": f"Bearer {answer.json()['access_token']}"}


def _pages(
    http: httpx.Client, place: str, badge: Mapping[str, str], asked: Mapping[str, str]
) -> Iterator[dict[str, Any]]:
    before: dict[str, int] = {}
    while True:
        answer = http.get(place, params={**asked, **before, "limit": PAGE}, headers=badge)
        told = answer.json()
        if answer.status_code == 503:
            raise Unavailable(told["code"], told["detail"])
        if answer.status_code != 200:
            raise Refused(told["code"], told.get("detail", f"the answer was {answer.status_code}"))
        yield from told["looks"]
        if told["next"] is None:
            return
        before = {"before": told["next"]}
