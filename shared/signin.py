"""The doors for people: staff by OIDC access token, citizens by a short token of their channel."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import structlog
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import JWKRegistry, Key, OKPKey
from joserfc.jws import JWSRegistry, extract_compact
from joserfc.jwt import Claims, JWTClaimsRegistry

from shared.errors import Refused, Unavailable
from shared.signing import Channels, private_key

CITIZEN_AUDIENCE = "mente-citizen"
CITIZEN_LIFE = timedelta(minutes=15)
LEEWAY = 30
"""Seconds that the clocks of an issuer or a channel may differ from ours."""

KEYS_FRESH = 600.0
"""Seconds after which the issuer is asked for its keys again, so that a withdrawn key stops working."""

REFETCH_PAUSE = 10.0
"""Seconds between two questions to the issuer, however many tokens name a key that is not known."""

RETRY_PAUSE = 1.0
"""Seconds between two questions while we hold no key at all."""

TOKEN_LIMIT = 8192

_MALFORMED = (JoseError, ValueError, KeyError, TypeError, RecursionError)
_log = structlog.get_logger(__name__)


class _Jws(JWSRegistry):
    """Signatures as joserfc knows them, `EdDSA` read as the one curve that is used here."""

    algorithms = {**JWSRegistry.algorithms, "EdDSA": JWSRegistry.algorithms["Ed25519"]}  # noqa: RUF012


_STAFF_SIGNATURES = _Jws(algorithms=["ES256", "RS256", "EdDSA"], strict_check_header=False)
_CITIZEN_SIGNATURES = _Jws(algorithms=["EdDSA"])


@dataclass(frozen=True, slots=True)
class Staff:
    """A signed-in member of staff: roles, and pooling areas as six-digit division codes."""

    id: str
    name: str
    roles: frozenset[str]
    areas: frozenset[str]

    def require_role(self, *roles: str) -> None:
        """Refuse with `scope-missing` (403) unless the person holds one of the roles."""
        if self.roles.isdisjoint(roles):
            needed = ", ".join(sorted(roles))
            raise Refused("scope-missing", f"this needs one of the roles {needed}", status=403)

    def require_area(self, area: str) -> None:
        """Refuse with `region-outside-scope` (403) unless the person works for the area."""
        if area not in self.areas:
            raise Refused("region-outside-scope", "you do not work for that area", status=403)


class StaffDoor:
    """Reads access tokens of one OIDC issuer; its keys are found by discovery and kept."""

    def __init__(
        self,
        issuer: str,
        audience: str,
        *,
        client: httpx.AsyncClient | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._issuer = issuer
        self._now = now
        self._keys = _IssuerKeys(issuer, client or httpx.AsyncClient(timeout=3.0))
        self._expected: dict[str, Any] = {
            "iss": {"essential": True, "value": issuer},
            "aud": {"essential": True, "value": audience},
            "sub": {"essential": True},
            "exp": {"essential": True},
        }

    async def staff(self, authorization: str | None) -> Staff:
        """Tell who calls; Refused (401) for a bad token, Unavailable while the issuer's keys are away."""
        token = _bearer(authorization)
        key = await self._keys.find(_header(token).get("kid"))
        claims = _claims(token, key, _STAFF_SIGNATURES, self._rules())
        return Staff(
            id=claims["sub"],
            name=str(claims.get("name", "")),
            roles=_words(claims.get("roles")),
            areas=_words(claims.get("areas")),
        )

    async def close(self) -> None:
        """Give the connections back."""
        await self._keys.close()

    def _rules(self) -> JWTClaimsRegistry:
        return JWTClaimsRegistry(int(self._now().timestamp()), LEEWAY, **self._expected)


class CitizenDoor:
    """Reads the short tokens by which a channel vouches for a person whose name it has checked."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    def person(self, authorization: str | None, now: datetime) -> UUID:
        """Tell which person calls; Refused (401) for a bad token or one that lives longer than 15 minutes."""
        token = _bearer(authorization)
        channel_id = _unproven_issuer(token)
        public_key = self._channels.key(channel_id)
        if public_key is None:
            raise _invalid()
        rules = JWTClaimsRegistry(
            int(now.timestamp()),
            LEEWAY,
            iss={"essential": True, "value": channel_id},
            aud={"essential": True, "value": CITIZEN_AUDIENCE},
            sub={"essential": True},
            exp={"essential": True},
        )
        claims = _claims(token, _okp(public_key), _CITIZEN_SIGNATURES, rules)
        if claims["exp"] > (now + CITIZEN_LIFE).timestamp() + LEEWAY:
            raise Refused("token-invalid", "a citizen token lives at most 15 minutes", status=401)
        return _uuid(claims["sub"])


def citizen_token(
    private_key_pem: bytes, channel_id: str, person_id: UUID, now: datetime, life: timedelta = CITIZEN_LIFE
) -> str:
    """Issue a citizen token as a channel does; for tests and the demo."""
    claims = {
        "iss": channel_id,
        "sub": str(person_id),
        "aud": CITIZEN_AUDIENCE,
        "iat": int(now.timestamp()),
        "exp": int((now + life).timestamp()),
    }
    key = _okp(private_key(private_key_pem))
    return jwt.encode({"alg": "EdDSA"}, claims, key, registry=_CITIZEN_SIGNATURES)


class _IssuerKeys:
    """The public keys of an issuer, asked for once and again when a token names one that is unknown."""

    def __init__(self, issuer: str, client: httpx.AsyncClient) -> None:
        self._issuer = issuer
        self._client = client
        self._keys: dict[str, Key] = {}
        self._asked_at = self._answered_at = float("-inf")
        self._asking = asyncio.Lock()

    async def find(self, kid: object) -> Key:
        if not isinstance(kid, str) or not kid:
            raise _invalid()
        if kid not in self._keys or (self._stale() and not self._asking.locked()):
            await self._refresh(kid)
        if kid in self._keys:
            return self._keys[kid]
        if not self._keys:
            raise Unavailable("issuer-away", "the sign-in service cannot be reached", retry_after=5.0)
        raise _invalid()

    async def close(self) -> None:
        await self._client.aclose()

    async def _refresh(self, kid: str) -> None:
        async with self._asking:
            now = asyncio.get_running_loop().time()
            needless = kid in self._keys and not self._stale()
            if needless or now - self._asked_at < (REFETCH_PAUSE if self._keys else RETRY_PAUSE):
                return
            try:
                self._keys = await self._ask()
                self._answered_at = now
            except (httpx.HTTPError, JoseError, ValueError, KeyError, TypeError) as error:
                # The keys we hold stay good while the issuer is away; without any, callers come back later.
                _log.warning("issuer_keys_not_read", issuer=self._issuer, error=type(error).__name__)
            finally:
                self._asked_at = asyncio.get_running_loop().time()

    async def _ask(self) -> dict[str, Key]:
        """Read discovery document and key set; ValueError and its kin for anything unlike them."""
        discovered = await self._get(self._issuer.rstrip("/") + "/.well-known/openid-configuration")
        if discovered["issuer"] != self._issuer:
            raise ValueError("the discovery document names another issuer")
        keys = (await self._get(discovered["jwks_uri"]))["keys"]
        return {key["kid"]: JWKRegistry.import_key(key) for key in keys if _is_signature_key(key)}

    async def _get(self, url: str) -> Any:
        answer = await self._client.get(url)
        return answer.raise_for_status().json()

    def _stale(self) -> bool:
        return asyncio.get_running_loop().time() - self._answered_at > KEYS_FRESH


def _is_signature_key(key: dict[str, Any]) -> bool:
    known = key.get("kty") in {"EC", "RSA", "OKP"} and isinstance(key.get("kid"), str)
    return known and key.get("use", "sig") == "sig"


def _bearer(authorization: str | None) -> str:
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refused("token-missing", "a bearer token is needed", status=401)
    if len(token) > TOKEN_LIMIT:
        raise _invalid()
    return token.strip()


def _header(token: str) -> dict[str, Any]:
    try:
        header = extract_compact(token.encode("ascii")).headers()
    except _MALFORMED:
        raise _invalid() from None
    return header if isinstance(header, dict) else {}


def _unproven_issuer(token: str) -> str:
    """Read who a token says it is from, only to choose the key that proves or refutes it."""
    try:
        issuer = json.loads(extract_compact(token.encode("ascii")).payload)["iss"]
    except _MALFORMED:
        raise _invalid() from None
    return issuer if isinstance(issuer, str) else ""


def _claims(token: str, key: Key, signatures: JWSRegistry, rules: JWTClaimsRegistry) -> Claims:
    try:
        claims = jwt.decode(token, key, registry=signatures).claims
        rules.validate(claims)
    except ExpiredTokenError:
        raise Refused("token-expired", "the token has run out", status=401) from None
    except _MALFORMED:
        raise _invalid() from None
    return claims


def _words(claim: object) -> frozenset[str]:
    words = claim if isinstance(claim, list) else []
    return frozenset(word for word in words if isinstance(word, str))


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise _invalid() from None


def _okp(key: Ed25519PrivateKey | Ed25519PublicKey) -> OKPKey:
    return OKPKey(key, key)


def _invalid() -> Refused:
    return Refused("token-invalid", "the token is not one that is accepted here", status=401)
