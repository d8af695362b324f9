"""Every route of every service, tried by everybody: nobody gets past a door that the table does not open."""

import re
from collections.abc import Iterator
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from types import SimpleNamespace
from typing import Any
from uuid import UUID

import httpx
import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from fastapi import FastAPI
from joserfc import jwt
from joserfc.jwk import ECKey

from services.catalog import app as catalog
from services.catalog.actions import Shelf
from services.intake import api as intake
from services.notify import api as notify
from services.review import api as review
from services.review.app import add_api
from shared import edge
from shared.access import ROUTES, Access, Caller, Channel, Channels, Role, SignedCall, sign
from shared.citizens import CitizenDoor, citizen_token
from shared.health import Health
from shared.nonces import Nonces
from shared.signin import StaffDoor
from tests.support.loops import running

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ISSUER = "http://127.0.0.1:9"
STAFF_KEY, STRANGERS_KEY = (ECKey.generate_key("P-256", {"kid": "k"}) for _ in range(2))
KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
SCOPES = ("applications:write", "applications:read", "materials:write")
PERSON = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
NAMED = re.compile(r"{(\w+)}")
NAMES = {"acceptance_no": "A1", "region": "panzhihua", "code": "PZH-001", "key": "national", "version": "1"}
NAMES |= dict.fromkeys(("application_id", "message_id", "draft_id"), str(PERSON))
NOTHING: Any = SimpleNamespace(database=None, gap=None)
"""What stands behind the doors here: whoever gets in stumbles, which is neither 401 nor 403."""


def the_channels() -> Channels:
    able = [Channel(scope, scope, "app", frozenset({scope}), frozenset({"panzhihua"})) for scope in SCOPES]
    return Channels((channel, KEY.public_key()) for channel in able)


def the_staff_door() -> StaffDoor:
    def answer(request: httpx.Request) -> httpx.Response:
        keys = {"keys": [STAFF_KEY.as_dict(private=False)]}
        return httpx.Response(200, json={"issuer": ISSUER, "jwks_uri": f"{ISSUER}/jwks"} | keys)

    client = httpx.AsyncClient(transport=httpx.MockTransport(answer))
    return StaffDoor(ISSUER, "mente", client=client, now=lambda: NOW)


@cache
def the_app(service: str) -> FastAPI:
    if service == "catalog":
        return catalog.application(Shelf(NOTHING, lambda: NOW), the_staff_door())
    app = edge.application("Test", service, Health())
    channels = the_channels()
    if service == "review":
        add_api(app, review.Office(NOTHING, the_staff_door(), lambda: NOW))
    if service == "intake":
        app.state.nonces = Nonces("redis://127.0.0.1:9")
        door = intake.Door(channels, app.state.nonces, lambda: NOW)
        doors = intake.Doors(door, the_staff_door(), {}, lambda: NOW)
        intake.add_routes(app, doors, intake.Intake(NOTHING, None))
    if service == "notify":
        citizens = CitizenDoor(channels)
        desk = notify.Desk(NOTHING, citizens, the_staff_door(), "secret", None, lambda: NOW)
        notify.add_routes(app, desk)
    return app


@dataclass(frozen=True)
class Tried:
    """One route as a caller meets it."""

    name: str
    method: str
    path: str

    @property
    def access(self) -> Access:
        return ROUTES[self.name]


def the_routes() -> Iterator[Tried]:
    for service in ("catalog", "intake", "review", "notify"):
        for path, methods in the_app(service).openapi()["paths"].items():
            for method, told in methods.items():
                name = f"{service}.{told['summary'].lower().replace(' ', '_')}"
                yield Tried(
                    name, method.upper(), NAMED.sub(lambda found: NAMES.get(found[1], found[0]), path)
                )


TRIED = [tried for tried in the_routes() if tried.access.caller is not Caller.PUBLIC]
BY_NAME = {tried.name: tried for tried in TRIED}


async def knock(tried: Tried, headers: dict[str, str]) -> tuple[int, str]:
    app = the_app(tried.name.partition(".")[0])
    nonces = getattr(app.state, "nonces", None)
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test")
    async with client, running(nonces) if nonces else nullcontext():
        with structlog.testing.capture_logs():
            answer = await client.request(tried.method, tried.path, headers=headers, content=b"{}")
    kind = answer.headers["content-type"]
    return answer.status_code, answer.json().get("code", "") if "json" in kind else ""


def staff_token(*roles: str, key: ECKey = STAFF_KEY) -> dict[str, str]:
    claims = {"iss": ISSUER, "aud": "mente", "sub": "u1", "roles": list(roles), "areas": ["510400"]}
    until = {"exp": int(NOW.timestamp()) + 60}
    return {"authorization": "Bearer " + jwt.encode({"alg": "ES256", "kid": "k"}, claims | until, key)}


def citizens_token() -> dict[str, str]:
    return {"authorization": "Bearer " + citizen_token(PEM, SCOPES[0], PERSON, NOW)}


def signature(tried: Tried, scope: str) -> dict[str, str]:
    call = SignedCall(tried.method, tried.path, body=b"{}", idempotency_key="key-1")
    return sign(PEM, scope, call, NOW)


def of(caller: Caller) -> list[Tried]:
    return [tried for tried in TRIED if tried.access.caller is caller]


def title(value: object) -> str:
    return value.name if isinstance(value, Tried) else str(value)


def test_every_closed_route_is_tried():
    assert set(BY_NAME) == {name for name, access in ROUTES.items() if access.caller is not Caller.PUBLIC}


@pytest.mark.parametrize("tried", TRIED, ids=title)
async def test_nobody_gets_in_without_showing_who_they_are(tried: Tried):
    assert (await knock(tried, {}))[0] == 401


@pytest.mark.parametrize("tried", [t for t in TRIED if t.access.caller is not Caller.STAFF], ids=title)
async def test_staff_do_not_get_in_where_others_do(tried: Tried):
    assert (await knock(tried, staff_token(*Role)))[0] == 401


@pytest.mark.parametrize("tried", [t for t in TRIED if t.access.caller is not Caller.CITIZEN], ids=title)
async def test_citizens_do_not_get_in_where_others_do(tried: Tried):
    assert (await knock(tried, citizens_token()))[0] == 401


@pytest.mark.parametrize("tried", [t for t in TRIED if t.access.caller is not Caller.CHANNEL], ids=title)
@pytest.mark.parametrize("scope", SCOPES)
async def test_channels_do_not_get_in_where_others_do(tried: Tried, scope: str):
    assert (await knock(tried, signature(tried, scope)))[0] == 401


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("tried", of(Caller.STAFF), ids=title)
async def test_staff_get_in_by_role(tried: Tried, role: Role):
    status, code = await knock(tried, staff_token(role))
    if role in tried.access.roles:
        assert status not in {401, 403}
    else:
        assert (status, code) == (403, "scope-missing")


@pytest.mark.parametrize("scope", SCOPES)
@pytest.mark.parametrize("tried", of(Caller.CHANNEL), ids=title)
async def test_channels_get_in_by_scope(tried: Tried, scope: str):
    status, code = await knock(tried, signature(tried, scope))
    if scope == tried.access.scope:
        assert status not in {401, 403}
    else:
        assert (status, code) == (403, "scope-missing")


@pytest.mark.parametrize("tried", of(Caller.CITIZEN), ids=title)
async def test_citizens_get_in_by_token(tried: Tried):
    assert (await knock(tried, citizens_token()))[0] not in {401, 403}


@pytest.mark.parametrize("tried", of(Caller.STAFF), ids=title)
async def test_a_token_of_a_stranger_opens_nothing(tried: Tried):
    assert (await knock(tried, staff_token(*Role, key=STRANGERS_KEY)))[0] == 401
