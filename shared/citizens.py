"""The door for citizens: a short token of the channel that has checked who they are."""

from datetime import datetime, timedelta
from typing import NamedTuple
from uuid import UUID

from joserfc import jwt
from joserfc.jwk import OKPKey
from joserfc.jwt import JWTClaimsRegistry

from shared.errors import Refused
from shared.signing import Channels, private_key
from shared.tokens import LEEWAY, Signatures, bearer, invalid, proven_claims, unproven_issuer

CITIZEN_AUDIENCE = "mente-citizen"
CITIZEN_LIFE = timedelta(minutes=15)

_SIGNATURES = Signatures(algorithms=["EdDSA"])


class Citizen(NamedTuple):
    """A person, and the channel that has checked their name."""

    person_id: UUID
    channel: str


class CitizenDoor:
    """Reads the short tokens by which a channel vouches for a person whose name it has checked."""

    def __init__(self, channels: Channels) -> None:
        self._channels = channels

    def citizen(self, authorization: str | None, now: datetime) -> Citizen:
        """Tell which person calls, and the channel that vouches for them.

        Refused (401) for a bad token or one that lives longer than 15 minutes.
        """
        token = bearer(authorization)
        channel_id = unproven_issuer(token)
        public_key = self._channels.key(channel_id)
        if public_key is None:
            raise invalid()
        rules = JWTClaimsRegistry(
            int(now.timestamp()),
            LEEWAY,
            iss={"essential": True, "value": channel_id},
            aud={"essential": True, "value": CITIZEN_AUDIENCE},
            sub={"essential": True},
            exp={"essential": True},
        )
        claims = proven_claims(token, OKPKey(public_key, public_key), _SIGNATURES, rules)
        if claims["exp"] > (now + CITIZEN_LIFE).timestamp() + LEEWAY:
            raise Refused("token-invalid", "a citizen token lives at most 15 minutes", status=401)
        return Citizen(_uuid(claims["sub"]), channel_id)


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
    key = private_key(private_key_pem)
    return jwt.encode({"alg": "EdDSA"}, claims, OKPKey(key, key), registry=_SIGNATURES)


def _uuid(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise invalid() from None
