import base64
import hmac
from datetime import UTC, datetime, timedelta
from uuid import UUID

import httpx
import pytest
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from joserfc import jwt
from joserfc.jwk import ECKey, OKPKey, RSAKey

from shared.access import Channel, Channels
from shared.citizens import CitizenDoor, citizen_token
from shared.errors import Refused, Unavailable
from shared.signin import StaffDoor
from shared.tokens import Signatures

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)
ISSUER = "http://127.0.0.1:9/issuer"
EC, OTHER_EC = ECKey.generate_key("P-256", {"kid": "ec"}), ECKey.generate_key("P-256", {"kid": "ec"})
RSA = RSAKey.generate_key(2048, {"kid": "rsa"})
ED = OKPKey.generate_key("Ed25519", {"kid": "ed"})
PERSON = UUID("01890a5d-ac96-774b-bcce-b302099a8057")
CHANNEL_KEY = Ed25519PrivateKey.from_private_bytes(b"\x01" * 32)
PEM = CHANNEL_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
NONE, HS256 = b'{"alg":"none","kid":"ec"}', b'{"alg":"HS256","kid":"ec"}'
CHANNELS = Channels([(Channel("app", "App", "app", frozenset(), frozenset()), CHANNEL_KEY.public_key())])


class Issuer:
    """An OIDC issuer that answers from memory and counts how often it is asked for its keys."""

    def __init__(self, *keys: ECKey | RSAKey | OKPKey) -> None:
        self.keys = keys
        self.asked = 0
        self.away = False
        self.name = ISSUER
        self.seconds = 0

    def answer(self, request: httpx.Request) -> httpx.Response:
        if self.away:
            raise httpx.ConnectError("refused", request=request)
        if request.url.path.endswith("/openid-configuration"):
            return httpx.Response(200, json={"issuer": self.name, "jwks_uri": f"{ISSUER}/jwks"})
        self.asked += 1
        return httpx.Response(200, json={"keys": [key.as_dict(private=False) for key in self.keys]})


def a_door(issuer: Issuer) -> StaffDoor:
    client = httpx.AsyncClient(transport=httpx.MockTransport(issuer.answer))
    return StaffDoor(ISSUER, "mente", client=client, now=lambda: NOW + timedelta(seconds=issuer.seconds))


def claims(**told: object) -> dict[str, object]:
    usual = {"iss": ISSUER, "aud": "mente", "sub": "u1", "name": "受理员", "roles": ["expert"]}
    times = {"exp": int(NOW.timestamp()) + 600, "nbf": int(NOW.timestamp())}
    return {k: v for k, v in (usual | times | {"areas": ["510400"]} | told).items() if v is not None}


def a_token(key=EC, alg: str = "ES256", kid: str | None = None, **told: object) -> str:
    header = {"alg": alg, "kid": kid or key.kid}
    return "Bearer " + jwt.encode(header, claims(**told), key, registry=Signatures(algorithms=[alg]))


def plain(part: bytes) -> str:
    return base64.urlsafe_b64encode(part).rstrip(b"=").decode()


async def refusal(authorization: str | None, issuer: Issuer | None = None) -> str:
    with pytest.raises(Refused) as caught:
        await a_door(issuer or Issuer(EC, RSA, ED)).staff(authorization)
    assert caught.value.status == 401
    return caught.value.code


@pytest.mark.parametrize(("key", "alg"), [(EC, "ES256"), (RSA, "RS256"), (ED, "EdDSA")])
async def test_a_token_of_the_issuer_tells_who_calls(key, alg):
    staff = await a_door(Issuer(EC, RSA, ED)).staff(a_token(key, alg))
    assert (staff.id, staff.name) == ("u1", "受理员")
    assert (staff.roles, staff.areas) == (frozenset({"expert"}), frozenset({"510400"}))


@pytest.mark.parametrize(
    ("told", "code"),
    [
        ({"exp": int(NOW.timestamp()) - 31}, "token-expired"),
        ({"exp": None}, "token-invalid"),
        ({"exp": True}, "token-invalid"),
        ({"nbf": int(NOW.timestamp()) + 31}, "token-invalid"),
        ({"iss": "http://elsewhere"}, "token-invalid"),
        ({"iss": None}, "token-invalid"),
        ({"aud": "another-service"}, "token-invalid"),
        ({"aud": None}, "token-invalid"),
        ({"sub": None}, "token-invalid"),
        ({"sub": 7}, "token-invalid"),
    ],
)
async def test_a_token_with_wrong_claims_is_refused(told, code):
    assert await refusal(a_token(**told)) == code


async def test_a_token_signed_by_another_key_is_refused():
    assert await refusal(a_token(OTHER_EC)) == "token-invalid"


@pytest.mark.parametrize(("key", "alg"), [(EC, "RS256"), (RSA, "ES256")])
async def test_a_token_whose_key_does_not_fit_its_algorithm_is_refused(key, alg):
    other = RSA if alg == "RS256" else EC
    assert await refusal(a_token(other, alg, kid=key.kid)) == "token-invalid"


async def test_unsigned_and_shared_secret_tokens_are_refused():
    payload = a_token().split(".")[1]
    assert await refusal(f"Bearer {plain(NONE)}.{payload}.") == "token-invalid"
    signed = f"{plain(HS256)}.{payload}"
    proof = hmac.digest(EC.as_pem(private=False), signed.encode(), "sha256")
    assert await refusal(f"Bearer {signed}.{plain(proof)}") == "token-invalid"


@pytest.mark.parametrize(
    ("authorization", "code"),
    [
        (None, "token-missing"),
        ("", "token-missing"),
        ("Basic abc", "token-missing"),
        ("Bearer ", "token-missing"),
        ("Bearer x", "token-invalid"),
        ("Bearer a.b.c", "token-invalid"),
        ("Bearer 王.b.c", "token-invalid"),
        ("Bearer bnVsbA.e30.e30", "token-invalid"),
        ("Bearer W10.e30.e30", "token-invalid"),
        ("Bearer " + "x" * 9000, "token-invalid"),
        ("Bearer WyJhbGciXQ.e30.e30", "token-invalid"),
        ("Bearer " + "W1tb" * 2000 + ".e30.e30", "token-invalid"),
        ("Bearer eyJhbGciOiJFZERTQSJ9." + "W1tb" * 1900 + ".e30", "token-invalid"),
    ],
)
async def test_a_malformed_token_is_refused_and_never_a_crash(authorization, code):
    assert await refusal(authorization) == code
    with pytest.raises(Refused, match=code):
        CitizenDoor(CHANNELS).citizen(authorization, NOW)


async def test_claims_of_a_wrong_shape_give_no_role():
    staff = await a_door(Issuer(EC)).staff(a_token(roles="expert", areas=[510400]))
    assert (staff.roles, staff.areas) == (frozenset(), frozenset())


async def test_keys_are_asked_for_once():
    issuer = Issuer(EC)
    door = a_door(issuer)
    for _ in range(3):
        await door.staff(a_token())
    assert issuer.asked == 1


async def test_many_unknown_key_names_do_not_make_many_questions():
    issuer = Issuer(EC)
    door = a_door(issuer)
    for number in range(20):
        with pytest.raises(Refused):
            await door.staff(a_token(OTHER_EC, kid=f"unknown-{number}"))
    assert issuer.asked == 1


async def test_without_any_key_the_issuer_is_unavailable():
    issuer = Issuer(EC)
    issuer.away = True
    with pytest.raises(Unavailable, match="issuer-away"):
        await a_door(issuer).staff(a_token())


async def test_known_keys_serve_while_the_issuer_is_away():
    issuer = Issuer(EC)
    door = a_door(issuer)
    await door.staff(a_token())
    issuer.away, issuer.seconds = True, 20
    with structlog.testing.capture_logs() as logged, pytest.raises(Refused):
        await door.staff(a_token(OTHER_EC, kid="new"))
    assert logged[0]["event"] == "issuer_keys_not_read"
    assert (await door.staff(a_token())).id == "u1"


async def test_a_key_the_issuer_has_added_is_found_at_once_and_a_withdrawn_one_stops_in_ten_minutes():
    issuer, new = Issuer(EC), ECKey.generate_key("P-256", {"kid": "new"})
    door = a_door(issuer)
    await door.staff(a_token())
    issuer.keys, issuer.seconds = (new,), 20
    assert (await door.staff(a_token(new))).id == "u1"
    issuer.keys, issuer.seconds = (OTHER_EC,), 599
    assert (await door.staff(a_token(new))).id == "u1"
    issuer.seconds = 621
    with pytest.raises(Refused):
        await door.staff(a_token(new, exp=int(NOW.timestamp()) + 900))


async def test_a_clock_that_is_set_back_does_not_keep_old_keys():
    issuer = Issuer(EC)
    door = a_door(issuer)
    await door.staff(a_token())
    issuer.keys, issuer.seconds = (ECKey.generate_key("P-256", {"kid": "new"}),), -86400
    with pytest.raises(Refused):
        await door.staff(a_token(nbf=None))


async def test_a_discovery_document_of_another_issuer_is_not_believed():
    issuer = Issuer(EC)
    issuer.name = "http://elsewhere"
    with pytest.raises(Unavailable):
        await a_door(issuer).staff(a_token())


def test_a_citizen_token_tells_the_person():
    token = citizen_token(PEM, "app", PERSON, NOW)
    assert CitizenDoor(CHANNELS).citizen(f"Bearer {token}", NOW) == (PERSON, "app")


@pytest.mark.parametrize(
    ("channel", "life", "later", "code"),
    [
        ("app", 15, timedelta(minutes=16), "token-expired"),
        ("app", 16, timedelta(0), "token-invalid"),
        ("nobody", 15, timedelta(0), "token-invalid"),
        ("app", 15, timedelta(minutes=-2), "token-invalid"),
    ],
)
def test_a_citizen_token_is_short_lived_and_of_a_known_channel(channel, life, later, code):
    token = citizen_token(PEM, channel, PERSON, NOW, timedelta(minutes=life))
    with pytest.raises(Refused, match=code):
        CitizenDoor(CHANNELS).citizen(f"Bearer {token}", NOW + later)


@pytest.mark.parametrize(
    "told", [{"sub": "someone"}, {"aud": "mente"}, {"iss": 7}, {"sub": None}, {"exp": None}]
)
def test_a_citizen_token_with_wrong_claims_is_refused(told):
    key = OKPKey(CHANNEL_KEY, CHANNEL_KEY)
    usual = claims(iss="app", aud="mente-citizen", sub=str(PERSON)) | told
    body = {name: value for name, value in usual.items() if value is not None}
    token = jwt.encode({"alg": "EdDSA"}, body, key, registry=Signatures(algorithms=["EdDSA"]))
    with pytest.raises(Refused, match="token-invalid"):
        CitizenDoor(CHANNELS).citizen(f"Bearer {token}", NOW)


def test_a_citizen_token_needs_the_signature_of_its_channel():
    other = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with pytest.raises(Refused, match="token-invalid"):
        CitizenDoor(CHANNELS).citizen(f"Bearer {citizen_token(other, 'app', PERSON, NOW)}", NOW)
