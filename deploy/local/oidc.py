"""A small OIDC issuer for the synthetic staff: discovery, keys, and a token for whoever names a user."""

from __future__ import annotations

import json
import sys
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qsl

from joserfc import jwt
from joserfc.jwk import ECKey

from deploy.local.keys import Person
from deploy.local.ports import ADDRESS
from deploy.local.simulated import Answer, Asked, Route, refuse_outside_embedded, serve
from deploy.local.stack import AUDIENCE

TOKEN_SECONDS = 3600


class Issuer:
    """Signs access tokens (ES256) with the key of the first run."""

    def __init__(self, issuer: str, key_pem: str, staff: list[Person], now: Callable[[], float]):
        plain = ECKey.import_key(key_pem)
        self._key = ECKey.import_key(key_pem, {"kid": plain.thumbprint(), "use": "sig", "alg": "ES256"})
        self._issuer = issuer
        self._staff = {person["username"]: person for person in staff}
        self._now = now

    def discovery(self, _asked: Asked) -> Answer:
        """Where keys and tokens are, as OpenID Connect Discovery wants it."""
        return Answer(
            200,
            {
                "issuer": self._issuer,
                "jwks_uri": f"{self._issuer}/jwks",
                "token_endpoint": f"{self._issuer}/token",
                "grant_types_supported": ["password"],
                "response_types_supported": ["token"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["ES256"],
                "token_endpoint_auth_methods_supported": ["none"],
            },
        )

    def keys(self, _asked: Asked) -> Answer:
        """The public key."""
        return Answer(200, {"keys": [self._key.as_dict(private=False)]})

    def token(self, asked: Asked) -> Answer:
        """An access token for the user named in the form; no password is asked for synthetic staff."""
        form = dict(parse_qsl(asked.body.decode()))
        person = self._staff.get(form.get("username", ""))
        if form.get("grant_type") != "password" or person is None:
            return Answer(400, {"error": "invalid_grant"})
        return Answer(
            200,
            {"access_token": self._sign(person), "token_type": "Bearer", "expires_in": TOKEN_SECONDS},
        )

    def _sign(self, person: Person) -> str:
        now = int(self._now())
        claims: dict[str, object] = {
            "iss": self._issuer,
            "sub": person["username"],
            "aud": AUDIENCE,
            "iat": now,
            "exp": now + TOKEN_SECONDS,
            "jti": str(uuid.uuid4()),
            "name": person["name"],
            "roles": person["roles"],
            "areas": person["areas"],
        }
        return jwt.encode({"alg": "ES256", "kid": self._key.kid, "typ": "at+jwt"}, claims, self._key)


def routes(issuer: Issuer) -> dict[tuple[str, str], Route]:
    """The issuer's paths."""
    return {
        ("GET", "/.well-known/openid-configuration"): issuer.discovery,
        ("GET", "/jwks"): issuer.keys,
        ("POST", "/token"): issuer.token,
    }


def main(home: Path, port: int) -> None:
    """Serve the issuer of the stack in the run folder."""
    refuse_outside_embedded()
    keys = home / "keys"
    staff = json.loads((keys / "staff.json").read_text())["staff"]
    issuer = Issuer(f"http://{ADDRESS}:{port}", (keys / "oidc.pem").read_text(), staff, time.time)
    serve(port, routes(issuer))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
