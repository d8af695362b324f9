"""A desk of review on a fresh database, its staff, and their calls over HTTP."""

from datetime import datetime, timedelta
from uuid import UUID

import httpx

from services.catalog.app import read_documents
from services.catalog.domain.publishing import state
from services.review import actions, api, app
from services.review.actions import Desk, Shelf
from shared import edge
from shared.contracts.applications import ApplicationSubmitted, MaterialSupplied
from shared.contracts.policies import CalendarPublished, PolicyPublished
from shared.errors import Refused
from shared.health import Health
from shared.postgres import Database, migrate
from shared.signin import Staff
from tests.support.private import KEYS, know_the_key, told
from tests.support.samples import NOON, an_application_submitted

AREAS = {"pzh": "510400", "srg": "361100"}
ROLES = {
    "officer": "acceptance_officer",
    "first": "first_reviewer",
    "expert": "expert",
    "final": "final_reviewer",
    "supervisor": "supervisor",
    "auditor": "auditor",
}
PUBLISHED = [state(document, NOON) for document in read_documents()]


def in_shangrao(**changes) -> ApplicationSubmitted:
    """An application of Shangrao, where experts are required and the physician's opinion is needed."""
    values = {"region": "shangrao", "disease_code": "SRG-012", "channel": "ganfutong"}
    return an_application_submitted(**{**values, **changes})


class Badges:
    """A door that knows staff by names such as `pzh-first-2`: area, role, number."""

    async def staff(self, authorization: str | None) -> Staff:
        if authorization is None:
            raise Refused("token-missing", "a bearer token is needed", status=401)
        name = authorization.removeprefix("Bearer ")
        area, role, *_ = name.split("-")
        return Staff(name, name, frozenset({ROLES[role]}), frozenset({AREAS[area]}))


class ReviewDesk:
    """Review in one process without a bus: its database, its rules, its API, and a clock to set."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.desk = Desk(database, Shelf(), KEYS)
        self.now: datetime = NOON
        application = edge.application("Mente review", "review", Health())
        app.add_api(application, api.Office(self.desk, Badges(), lambda: self.now))
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(application), base_url="http://review/api/review"
        )

    @classmethod
    async def cleared(cls, database: Database) -> "ReviewDesk":
        """A desk without a case, on a database that knows the published catalog and nothing else."""
        await database.execute("TRUNCATE cases, expert_opinions, decisions, due_corrections, outbox, looks")
        await database.execute("DELETE FROM catalog_documents WHERE version > 1 OR key = '2027'")
        return cls(database)

    def later(self, **passed: float) -> None:
        self.now += timedelta(**passed)

    async def receive(self, *submitted: ApplicationSubmitted) -> UUID:
        """Open cases as the consumer does; the id of the first."""
        async with self.database.transaction() as tx:
            book = await self.desk.shelf.rulebook(tx)
            await actions.open_cases(tx, submitted, book, self.now)
        return submitted[0].application_id

    async def supply(self, application_id: UUID, number: int = 1, **given) -> None:
        """The applicant answers a request."""
        values = {"round": number, "materials": [], "occurred_at": self.now, **given}
        supplied = told(MaterialSupplied, application_id=application_id, **values)
        async with self.database.transaction() as tx:
            book = await self.desk.shelf.rulebook(tx)
            await actions.resume_cases(tx, [supplied], book, self.now)

    async def get(self, who: str, path: str, **asked) -> httpx.Response:
        return await self.client.get(path, params=asked, headers={"authorization": f"Bearer {who}"})

    async def post(self, who: str, case: UUID, act: str, body=None, claim: int | None = None):
        headers = {"authorization": f"Bearer {who}"}
        if claim is not None:
            headers["claim-token"] = str(claim)
        return await self.client.post(f"/cases/{case}/{act}", json=body, headers=headers)

    async def claim(self, who: str, case: UUID) -> int:
        answer = await self.post(who, case, "claim")
        assert answer.status_code == 200, answer.text
        return answer.json()["claim_token"]

    async def act(self, who: str, case: UUID, act: str, body=None) -> httpx.Response:
        """Claim and act."""
        return await self.post(who, case, act, body, await self.claim(who, case))

    async def done(self, who: str, case: UUID, act: str, body=None) -> dict:
        """Claim and act; the answer of an act that was done."""
        answer = await self.act(who, case, act, body)
        assert answer.status_code in {200, 201}, answer.text
        return answer.json()

    async def at_final(self, application: ApplicationSubmitted | None = None) -> UUID:
        """A case of Panzhihua before its final reviewer."""
        case = await self.receive(application or an_application_submitted())
        await self.done("pzh-officer-1", case, "accept")
        await self.done("pzh-first-1", case, "forward", {"to_stage": "final", "opinion": "材料齐全。"})
        return case

    async def stated(self, case: UUID) -> list[tuple[int, str]]:
        """What waits for the relay: sequence and type."""
        rows = await self.database.fetch(
            "SELECT sequence, type FROM outbox WHERE key = $1 ORDER BY id", str(case)
        )
        return [(row["sequence"], row["type"]) for row in rows]


async def a_database(servers) -> Database:
    """A fresh database of review that knows the published policies and calendars."""
    url = await servers.fresh_database("review")
    await migrate(url, app.MIGRATIONS)
    database = await Database.open(url, name="test", size=20)
    async with database.transaction() as tx:
        await actions.keep_policies(tx, [e for e in PUBLISHED if isinstance(e, PolicyPublished)], NOON)
        await actions.keep_calendars(tx, [e for e in PUBLISHED if isinstance(e, CalendarPublished)], NOON)
    await know_the_key(database)
    return database


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of a problem."""
    return answer.status_code, answer.json()["code"]
