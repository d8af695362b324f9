"""Who looked at an application by intake's API: channels, and staff who erase; also who was refused."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from hashlib import sha256
from uuid import uuid4

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from services.intake import actions, api
from services.intake.actions import Ask, Desk
from services.intake.domain.numbering import acceptance_no
from shared import edge
from shared.access import Channel, Channels, SignedCall, sign
from shared.errors import Refused
from shared.health import Health
from shared.nonces import Nonces
from shared.signin import Staff
from tests.support.dumping import everything
from tests.support.intake import CHANNEL, NOON, PANZHIHUA, an_id_number, offer, submit
from tests.support.loops import running

NAME, PHONE, ID_NUMBER = "金丝雀", "19987654321", an_id_number("19711111", 8)
CANARIES = (NAME, PHONE, ID_NUMBER)
SCOPES = frozenset({"applications:read", "applications:write"})
ELSEWHERE, WRITER = "shangrao_app", "writer"


def key_of(channel: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(sha256(channel.encode()).digest())


CHANNELS = Channels(
    (Channel(name, name, "app", scopes, regions), key_of(name).public_key())
    for name, scopes, regions in (
        (CHANNEL, SCOPES, PANZHIHUA),
        (ELSEWHERE, SCOPES, frozenset({"shangrao"})),
        (WRITER, frozenset({"applications:write"}), PANZHIHUA),
    )
)


class Badges:
    """A door that knows staff by their roles alone; the last one is the name."""

    async def staff(self, authorization: str | None) -> Staff:
        if authorization is None:
            raise Refused("token-missing", "a bearer token is needed", status=401)
        roles = authorization.removeprefix("Bearer ").split(",")
        return Staff(roles[-1], roles[-1], frozenset(roles), frozenset({"510400"}))


class Counter:
    """The API of intake in this process, and its callers."""

    def __init__(self, desk: Desk, http: httpx.AsyncClient) -> None:
        self.desk, self.http = desk, http

    async def call(self, method, path, body=b"", *, channel=CHANNEL):
        pem = key_of(channel).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        target = f"/api/intake{path}"
        signed = sign(pem, channel, SignedCall(method, target, body=body), datetime.now(UTC))
        return await self.http.request(method, target, content=body, headers=signed)

    async def staff(self, role, method, path, body=None, **asked):
        headers = {"authorization": f"Bearer {role}"}
        return await self.http.request(method, f"/api/intake{path}", json=body, params=asked, headers=headers)

    async def looks(self):
        rows = await self.desk.database.fetch("SELECT * FROM looks ORDER BY id")
        return [dict(row) for row in rows]


@asynccontextmanager
async def at_the_counter(desk: Desk, redis_url: str) -> AsyncIterator[Counter]:
    nonces = Nonces(redis_url)
    door = api.Door(CHANNELS, nonces, lambda: datetime.now(UTC))
    application = edge.application("Mente intake", "intake", Health())
    api.add_routes(application, api.Doors(door, Badges(), {}, lambda: NOON), api.Intake(desk, None))
    transport = httpx.ASGITransport(application)
    async with running(nonces), httpx.AsyncClient(transport=transport, base_url="http://intake") as http:
        yield Counter(desk, http)
    await nonces.close()


@pytest.fixture
async def counter(desk, servers):
    async with at_the_counter(desk, servers.stack.redis_url) as counter:
        yield counter


@pytest.fixture
async def receipt(desk):
    person = {"name": NAME, "id_number": ID_NUMBER, "phone": PHONE}
    (answer,) = await submit(desk, [offer("canary", applicant=person)])
    return answer.receipt


def told(look):
    return look["actor"], look["roles"], look["act"], look["outcome"], look["code"], look["applications"]


def refused(answer):
    return answer.status_code, answer.json()["code"]


async def test_submitting_is_no_look_and_adds_no_row(counter, receipt):
    assert await counter.looks() == []


async def test_a_channel_that_reads_an_application_is_on_record(counter, receipt):
    answer = await counter.call("GET", f"/applications/{receipt.acceptance_no}")
    assert answer.status_code == 200
    (look,) = await counter.looks()
    seen = [receipt.application_id]
    assert told(look) == (CHANNEL, ["channel"], "get_application", "shown", None, seen)


async def test_a_channel_out_of_reach_is_told_nothing_and_is_on_record_with_what_it_reached_for(
    counter, receipt
):
    path = f"/applications/{receipt.acceptance_no}"
    assert refused(await counter.call("GET", path, channel=ELSEWHERE)) == (404, "application-unknown")
    assert refused(await counter.call("POST", f"{path}/withdrawal", channel=ELSEWHERE)) == (
        404,
        "application-unknown",
    )
    assert refused(await counter.call("GET", path, channel=WRITER)) == (403, "scope-missing")
    reached, asked = [receipt.application_id], ("refused", "application-unknown")
    assert [told(look) for look in await counter.looks()] == [
        (ELSEWHERE, ["channel"], "get_application", *asked, reached),
        (ELSEWHERE, ["channel"], "post_withdrawal", *asked, reached),
        (WRITER, ["channel"], "get_application", "refused", "scope-missing", []),
    ]


async def test_a_number_that_belongs_to_nothing_is_on_record(counter):
    unknown = acceptance_no(2**64)
    assert refused(await counter.call("GET", f"/applications/{unknown}")) == (404, "application-unknown")
    assert (await counter.call("GET", f"/applications/{ID_NUMBER}")).status_code == 422
    looks = await counter.looks()
    assert [(look["code"], look["applications"]) for look in looks] == [
        ("application-unknown", []),
        ("acceptance-no-mistyped", []),
    ]


async def test_a_call_whose_signature_is_wrong_is_nobodys_and_fills_no_table(counter, receipt):
    answer = await counter.http.get(f"/api/intake/applications/{receipt.acceptance_no}")
    assert answer.status_code == 401
    assert await counter.looks() == []


async def test_a_withdrawal_that_the_database_refuses_is_undone_and_on_record(counter, receipt):
    database, path = counter.desk.database, f"/applications/{receipt.acceptance_no}/withdrawal"
    await database.execute("ALTER TABLE timeline ADD CONSTRAINT shut CHECK (type = '') NOT VALID")
    assert refused(await counter.call("POST", path)) == (500, "internal-error")
    await database.execute("ALTER TABLE timeline DROP CONSTRAINT shut")
    application, _ = await actions.find_application(
        counter.desk, Ask(CHANNEL, PANZHIHUA, receipt.acceptance_no)
    )
    assert application.status == "submitted"
    (look,) = await counter.looks()
    reached = [receipt.application_id]
    assert told(look) == (CHANNEL, ["channel"], "post_withdrawal", "failed", "internal-error", reached)
    assert (await counter.call("POST", path)).json()["status"] == "withdrawn"


async def test_what_cannot_be_recorded_is_not_shown(counter, receipt):
    await counter.desk.database.execute("DROP TABLE looks")
    answer = await counter.call("GET", f"/applications/{receipt.acceptance_no}")
    assert refused(answer) == (503, "look-not-recorded")
    assert receipt.acceptance_no not in answer.json()


async def test_an_erasure_is_on_record_under_the_person_with_every_attempt(counter, receipt):
    person, why = receipt.person_id, "申请人来信要求"
    ask = {"person_id": str(person), "reason": why}
    assert refused(await counter.staff("operator", "POST", "/erasures", ask)) == (409, "application-open")
    await actions.withdraw(counter.desk, Ask(CHANNEL, PANZHIHUA, receipt.acceptance_no), None, NOON)
    assert refused(await counter.staff("auditor", "POST", "/erasures", ask)) == (403, "scope-missing")
    asked = (await counter.staff("operator", "POST", "/erasures", ask)).json()
    approval = f"/erasures/{asked['erasure_id']}/approval"
    assert refused(await counter.staff("auditor,operator", "POST", approval)) == (409, "four-eyes")
    assert (await counter.staff("supervisor", "POST", approval)).status_code == 201
    assert refused(await counter.staff("supervisor", "POST", f"/erasures/{uuid4()}/approval")) == (
        404,
        "erasure-unknown",
    )
    page = (await counter.staff("auditor", "GET", "/looks", person_id=str(person))).json()
    assert [(look["actor"], look["act"], look["outcome"], look["code"]) for look in page["looks"]] == [
        ("supervisor", "post_erasure_approval", "shown", None),
        ("operator", "post_erasure_approval", "refused", "four-eyes"),
        ("operator", "post_erasure", "shown", None),
        ("operator", "post_erasure", "refused", "application-open"),
    ]
    assert {look["reason"] for look in page["looks"]} == {why}


async def test_what_is_due_is_a_look_at_each_application_and_who_agrees_is_on_record_with_the_reason(
    counter, receipt
):
    desk, run_id, later, why = counter.desk, uuid4(), NOON.replace(year=2040), "保管期限已届满"
    await actions.withdraw(desk, Ask(CHANNEL, PANZHIHUA, receipt.acceptance_no), None, NOON)
    for most, shown in ((1, [receipt.application_id]), (0, [])):
        on = later.date().isoformat()
        answer = await counter.staff("operator", "GET", "/retention", on=on, most=most)
        assert [one["acceptance_no"] for one in answer.json()["applications"]] == [
            receipt.acceptance_no
        ] * most
        look = (await counter.looks())[-1]
        assert told(look) == ("operator", ["operator"], "get_retention", "shown", None, shown)
    await actions.ask_to_retire(desk, run_id, "operator", why, later)
    for role, outcome in (("auditor,operator", "refused"), ("supervisor", "shown")):
        await counter.staff(role, "POST", f"/retention-runs/{run_id}/approval")
        look = (await counter.looks())[-1]
        assert (look["act"], look["outcome"], look["reason"]) == ("post_retention_approval", outcome, why)


@pytest.mark.parametrize("words", [f"{NAME} {ID_NUMBER}", f"电话{PHONE[:3]} {PHONE[3:7]}-{PHONE[7:]}"])
async def test_a_reason_that_holds_a_number_of_a_person_is_refused_and_kept_nowhere(counter, receipt, words):
    person, application = str(receipt.person_id), str(receipt.application_id)
    for path, whom in (
        ("/erasures", {"person_id": person}),
        ("/exports", {"application_id": application}),
        ("/retention-runs", {}),
    ):
        answer = await counter.staff("operator", "POST", path, {**whom, "reason": words})
        assert refused(answer) == (422, "reason-names-person")
    looks = await counter.looks()
    assert [(look["code"], look["reason"]) for look in looks] == [("reason-names-person", None)] * 3
    dumped = await everything(counter.desk.database)
    assert not [one for one in (*CANARIES, words) if one in dumped]


async def test_an_auditor_reads_who_looked_and_that_is_on_record(counter, receipt):
    await counter.call("GET", f"/applications/{receipt.acceptance_no}")
    of_it = {"application_id": str(receipt.application_id)}
    (look,) = (await counter.staff("auditor", "GET", "/looks", **of_it)).json()["looks"]
    assert (look["actor"], look["act"], look["reason"], look["fields"]) == (
        CHANNEL,
        "get_application",
        None,
        [],
    )
    assert refused(await counter.staff("operator", "GET", "/looks", **of_it)) == (403, "scope-missing")
    newest = (await counter.staff("auditor", "GET", "/looks", **of_it)).json()["looks"]
    assert [(one["actor"], one["outcome"]) for one in newest] == [
        ("operator", "refused"),
        ("auditor", "shown"),
        (CHANNEL, "shown"),
    ]


async def test_the_record_names_nobody(counter, receipt):
    path = f"/applications/{receipt.acceptance_no}"
    await counter.call("GET", path)
    await counter.call("GET", f"/applications/{ID_NUMBER}")
    await counter.call("POST", f"{path}/withdrawal", json.dumps({"reason": f"我是{NAME}"}).encode())
    ask = {"person_id": str(receipt.person_id), "reason": "申请人来信要求"}
    await counter.staff("operator", "POST", "/erasures", ask)
    assert len(await counter.looks()) == 4
    dumped = await everything(counter.desk.database)
    assert not [one for one in CANARIES if one in dumped]
