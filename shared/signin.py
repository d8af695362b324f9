"""The door for staff: an OIDC access token, proven by the keys that its issuer publishes."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import structlog
from joserfc.errors import JoseError
from joserfc.jwk import JWKRegistry, Key
from joserfc.jwt import JWTClaimsRegistry

from shared.access import Staff
from shared.errors import Unavailable
from shared.tokens import LEEWAY, Signatures, bearer, header_of, invalid, proven_claims

KEYS_FRESH = 600.0
"""Seconds after which the issuer is asked for its keys again, so that a withdrawn key stops working."""

REFETCH_PAUSE = 10.0
"""Seconds between two questions to the issuer, however many tokens name a key that is not known."""

RETRY_PAUSE = 1.0
"""Seconds between two questions while we hold no key at all."""

LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)

_SIGNATURES = Signatures(algorithms=["ES256", "RS256", "EdDSA"], strict_check_header=False)
_log = structlog.get_logger(__name__)


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
        self._keys = _IssuerKeys(issuer, client or _client(issuer), now)
        self._expected: dict[str, Any] = {
            "iss": {"essential": True, "value": issuer},
            "aud": {"essential": True, "value": audience},
            "sub": {"essential": True},
            "exp": {"essential": True},
        }

    async def staff(self, authorization: str | None) -> Staff:
        """Tell who calls; Refused (401) for a bad token, Unavailable while the issuer's keys are away."""
        token = bearer(authorization)
        key = await self._keys.find(header_of(token).get("kid"))
        claims = proven_claims(token, key, _SIGNATURES, self._rules())
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


class _IssuerKeys:
    """The public keys of an issuer, asked for once and again when a token names one that is unknown."""

    def __init__(self, issuer: str, client: httpx.AsyncClient, now: Callable[[], datetime]) -> None:
        self._now = now
        self._issuer = issuer
        self._client = client
        self._keys: dict[str, Key] = {}
        self._asked_at = self._answered_at = LONG_AGO
        self._asking = asyncio.Lock()

    async def find(self, kid: object) -> Key:
        if not isinstance(kid, str) or not kid:
            raise invalid()
        if kid not in self._keys or (self._stale() and not self._asking.locked()):
            await self._refresh(kid)
        if kid in self._keys:
            return self._keys[kid]
        if not self._keys:
            raise Unavailable("issuer-away", "the sign-in service cannot be reached", retry_after=5.0)
        raise invalid()

    async def close(self) -> None:
        await self._client.aclose()

    async def _refresh(self, kid: str) -> None:
        async with self._asking:
            needless = kid in self._keys and not self._stale()
            if needless or self._within(REFETCH_PAUSE if self._keys else RETRY_PAUSE, self._asked_at):
                return
            try:
                self._keys = await self._ask()
                self._answered_at = self._now()
            except (httpx.HTTPError, ValueError, KeyError, TypeError, AttributeError) as error:
                # The keys we hold stay good while the issuer is away; without any, callers come back later.
                _log.warning("issuer_keys_not_read", issuer=self._issuer, error=type(error).__name__)
            finally:
                self._asked_at = self._now()

    async def _ask(self) -> dict[str, Key]:
        """Read discovery document and key set; ValueError or its like for anything else."""
        discovered = await self._get(self._issuer.rstrip("/") + "/.well-known/openid-configuration")
        if discovered["issuer"] != self._issuer:
            raise ValueError("the discovery document names another issuer")
        keys = (await self._get(discovered["jwks_uri"]))["keys"]
        found = {key["kid"]: _imported(key) for key in keys if _is_signature_key(key)}
        usable = {kid: key for kid, key in found.items() if key is not None}
        if not usable:
            raise ValueError("the issuer publishes no key that is known here")
        return usable

    async def _get(self, url: str) -> Any:
        answer = await self._client.get(url)
        return answer.raise_for_status().json()

    def _stale(self) -> bool:
        return not self._within(KEYS_FRESH, self._answered_at)

    def _within(self, seconds: float, since: datetime) -> bool:
        """Tell whether so little time has passed; not so when the clock was set back."""
        return timedelta(0) <= self._now() - since < timedelta(seconds=seconds)


def _client(issuer: str) -> httpx.AsyncClient:
    # Proxies and certificates of the environment are for an issuer outside, which speaks TLS.
    return httpx.AsyncClient(timeout=3.0, trust_env=issuer.startswith("https://"))


def _imported(key: dict[str, Any]) -> Key | None:
    """Read one key; an issuer may publish kinds that we do not know beside those we do."""
    try:
        return JWKRegistry.import_key(key)
    except (JoseError, ValueError, KeyError, TypeError):
        return None


def _is_signature_key(key: dict[str, Any]) -> bool:
    known = key.get("kty") in {"EC", "RSA", "OKP"} and isinstance(key.get("kid"), str)
    return known and key.get("use", "sig") == "sig"


def _words(claim: object) -> frozenset[str]:
    words = claim if isinstance(claim, list) else []
    return frozenset(word for word in words if isinstance(word, str))


__all__ = ["Staff", "StaffDoor"]
