"""Notify in one process without a bus: its database, its senders, its API, and the simulated gateway."""

import hashlib
import hmac
import json
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from uuid_utils.compat import uuid7

from services.intake.store.person_keys import key_made
from services.notify import api, app, consumer, sms
from services.notify.actions import announcing, delivering
from services.notify.actions.opening import Vault
from services.notify.api import Desk
from services.notify.delivery import Delivery, Inboxes, Pace
from services.notify.domain.announcing import Announcement, Details, RegionRules, Template
from services.notify.domain.delivering import Patience
from shared import edge, person_keys
from shared.access import Channel, Channels, Staff
from shared.batching import Batcher
from shared.citizens import CitizenDoor, citizen_token
from shared.contracts.base import Event
from shared.errors import Refused
from shared.health import Health
from shared.key_service import MasterKeys
from shared.person_keys import Made, PersonKeys
from shared.postgres import Database, migrate
from shared.sealing import Algorithm
from tests.support.bus import until
from tests.support.loops import running
from tests.support.notify_events import Applicant, a_recipient, received

SECRET = "a secret that only tests know"
KEY = Ed25519PrivateKey.from_private_bytes(b"\x07" * 32)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
CHANNELS = Channels([(Channel("app", "App", "app", frozenset(), frozenset()), KEY.public_key())])
AREAS = {"pzh": "510400", "srg": "361100"}
BOTH = ["sms", "in_app"]
EVENTS = ("application-submitted", "application-accepted", "material-requested", "decision-made")
PANZHIHUA = RegionRules(
    "panzhihua",
    1,
    "攀枝花医保",
    "510400",
    entry="我的申请",
    ways={**dict.fromkeys(EVENTS, BOTH), "application-withdrawn": ["in_app"]},
    material_names={"test_report": "检查报告"},
)
QUICK = Patience(first=timedelta(seconds=0.2), most=timedelta(seconds=0.5), tries=100)


class Badges:
    """A door that knows staff by names such as `pzh-auditor`: area and role."""

    async def staff(self, authorization: str | None) -> Staff:
        if authorization is None:
            raise Refused("token-missing", "a bearer token is needed", status=401)
        area, role = authorization.removeprefix("Bearer ").split("-")
        return Staff(role, role, frozenset({role}), frozenset({AREAS[area]}))


class NotifyDesk:
    """What notify holds and does, driven by its actions and watched through its API."""

    def __init__(self, database: Database, masters: MasterKeys) -> None:
        self.database = database
        self.masters = masters
        self.vault = Vault(database, PersonKeys(masters, Algorithm.A256GCM))
        self.receipts = Batcher(self._take_receipts)
        application = edge.application("Mente notify", "notify", Health())
        citizens = CitizenDoor(CHANNELS)
        api.add_routes(application, Desk(self.vault, citizens, Badges(), SECRET, self.receipts, app.now))
        self.client = httpx.AsyncClient(
            transport=httpx.ASGITransport(application), base_url="http://notify/api/notify"
        )

    async def _take_receipts(self, receipts):
        return await delivering.take_receipts(self.database, receipts, app.now())

    async def know(self, rules: RegionRules = PANZHIHUA) -> None:
        """The policy of a region arrives."""
        async with self.database.transaction() as tx:
            await announcing.keep_rules(tx, [rules])

    async def learn(self, *recipients: Applicant) -> None:
        """The keys of persons arrive."""
        wrapped = await self.masters.wrap([r.key for r in recipients])
        made = [Made(r.person_id, r.key, one) for r, one in zip(recipients, wrapped, strict=True)]
        async with self.database.transaction() as tx:
            await person_keys.keep(tx, [key_made(one, app.now()) for one in made])

    async def register(self, *recipients: Applicant) -> None:
        """The persons of applications become known, and their keys."""
        await self.learn(*recipients)
        async with self.database.transaction() as tx:
            await announcing.register(tx, recipients)

    async def announce(self, *announcements: Announcement) -> None:
        """Events arrive that persons are told of."""
        async with self.database.transaction() as tx:
            await announcing.announce(tx, announcements, app.now())

    async def hear(self, *events: Event) -> None:
        """Events come from the bus, read as they were published, and are handled one by one."""
        known = {kind: handle for one in consumer.consumers(app.now) for kind, handle in one.handlers.items()}
        for event in events:
            async with self.database.transaction() as tx:
                await known[type(event)](tx, [received(event)])

    async def submit(self, count: int = 1, **changes) -> list[Applicant]:
        """So many submissions arrive, each with its person and its first announcement at once."""
        recipients = [a_recipient(**changes) for _ in range(count)]
        await self.submitted({r: an_announcement(r.application_id) for r in recipients})
        return recipients

    async def submitted(self, told: dict[Applicant, Announcement]) -> None:
        """Persons and what they are told first, in one transaction as the consumer writes them."""
        await self.learn(*told)
        async with self.database.transaction() as tx:
            await announcing.register(tx, list(told))
            await announcing.announce(tx, list(told.values()), app.now())

    async def texts(self, *columns: str, channel: str = "sms") -> list[tuple]:
        """Columns of all messages of a channel, oldest first."""
        rows = await self.database.fetch(
            f"SELECT {', '.join(columns)} FROM messages WHERE channel = $1 ORDER BY occurred_at, message_id",
            channel,
        )
        return [tuple(row) for row in rows]

    async def reached(self, state: str, count: int, channel: str = "sms", within: float = 30) -> None:
        """Wait until so many messages of a channel are in a state."""

        async def enough():
            return (await self.texts("state", channel=channel)).count((state,)) >= count

        await until(enough, within)

    async def tried(self, attempts: int) -> bool:
        """Whether a text was tried so often."""
        return max(await self.texts("attempts")) >= (attempts,)

    async def stated(self, application_id: UUID) -> list[tuple[int, str, str]]:
        """What is said about the messages of an application: sequence, type, way."""
        rows = await self.database.fetch(
            "SELECT sequence, type, body FROM outbox WHERE key = $1 ORDER BY id", str(application_id)
        )
        return [(r["sequence"], r["type"], json.loads(r["body"])["channel"]) for r in rows]

    async def get(self, who: str, path: str, **asked) -> httpx.Response:
        return await self.client.get(path, params=asked, headers={"authorization": f"Bearer {who}"})

    async def post(self, who: str, path: str) -> httpx.Response:
        return await self.client.post(path, headers={"authorization": f"Bearer {who}"})

    async def receipt(self, reference: object, state: str = "delivered", **changes) -> httpx.Response:
        """The provider reports, signed."""
        told = {"reference": str(reference), "provider_id": "P-1", "state": state, **changes}
        body = json.dumps({"at": "2026-11-22T01:02:03Z"} | told).encode()
        return await self.client.post(
            "/sms/receipts", content=body, headers={"x-sms-signature": signed(body)}
        )


class Gateway:
    """The simulated gateway as the sender and the tests see it."""

    def __init__(self, url: str, secret: str) -> None:
        self.url = url
        self.secret = secret
        self.admin = httpx.AsyncClient(base_url=url)

    async def behave(self, mode: str = "normal", delay_ms: int = 0) -> None:
        (await self.admin.post("/behaviour", json={"mode": mode, "delay_ms": delay_ms})).raise_for_status()

    async def sent(self, *phones: str) -> list[dict]:
        """What reached these phones, in order."""
        found = (await self.admin.get("/sent")).json()
        return [one for one in found if one["phone"] in phones]

    async def calls(self, recipients: list[Applicant]) -> list[int]:
        """How often the provider was handed the texts to these persons, sorted."""
        return sorted(one["calls"] for one in await self.sent(*(r.phone for r in recipients)))

    @asynccontextmanager
    async def provider(self, callback: str | None = None, seconds: float = 5.0):
        client = sms.connect(self.url, self.secret, timeout=seconds, connections=32)
        provider = sms.HttpProvider(client, callback)
        try:
            yield provider
        finally:
            await provider.close()


async def a_database(servers) -> Database:
    """A fresh database of notify."""
    url = await servers.fresh_database("notify")
    await migrate(url, app.MIGRATIONS)
    return await Database.open(url, name="test")


@asynccontextmanager
async def a_desk(database: Database, masters: MasterKeys):
    """A desk without a message that knows Panzhihua's policy."""
    await database.execute(
        "TRUNCATE recipients, regions, messages, attempts, receipts, outbox, person_keys, looks"
    )
    desk = NotifyDesk(database, masters)
    await desk.know()
    async with running(desk.receipts):
        yield desk
    await desk.client.aclose()


@asynccontextmanager
async def sending(desk: NotifyDesk, provider: sms.Provider, pace: Pace | None = None):
    """A worker that brings messages out."""
    pace = pace or Pace(lease=timedelta(seconds=30), patience=QUICK)
    delivery = Delivery(desk.vault, provider, now=app.now, jitter=lambda: 0.5, pace=pace)
    async with running(delivery), running(Inboxes(desk.database, app.now)):
        yield delivery


def an_announcement(
    application_id: UUID, template: Template = Template.SUBMITTED, at: datetime | None = None, **details
) -> Announcement:
    """Something to be told, now and for the first time."""
    named: Details = {"on": "2030-12-11", **details}
    return Announcement(UUID(str(uuid7())), application_id, template, at or datetime.now(UTC), named)


def a_citizen(person_id: UUID) -> str:
    """The token by which a channel vouches for a person."""
    return citizen_token(PEM, "app", person_id, app.now())


def signed(body: bytes) -> str:
    """The provider's signature."""
    return hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()
