"""Reading JSON Web Tokens: which signatures are accepted, and what any flaw is answered with."""

import json
from typing import Any

from joserfc import jwt
from joserfc.errors import ExpiredTokenError, JoseError
from joserfc.jwk import Key
from joserfc.jws import JWSRegistry, extract_compact
from joserfc.jwt import Claims, JWTClaimsRegistry

from shared.errors import Refused

LEEWAY = 30
"""Seconds that the clock of whoever signed a token may differ from ours."""

TOKEN_LIMIT = 8192

_MALFORMED = (JoseError, ValueError, KeyError, TypeError, RecursionError)


class Signatures(JWSRegistry):
    """Signatures as joserfc knows them, `EdDSA` read as the one curve that is used here."""

    algorithms = {**JWSRegistry.algorithms, "EdDSA": JWSRegistry.algorithms["Ed25519"]}  # noqa: RUF012


def bearer(authorization: str | None) -> str:
    """Take the token out of an Authorization header; Refused (401) when there is none."""
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Refused("token-missing", "a bearer token is needed", status=401)
    if len(token) > TOKEN_LIMIT:
        raise invalid()
    return token.strip()


def header_of(token: str) -> dict[str, Any]:
    """Read the header of a token, which proves nothing yet."""
    try:
        header = extract_compact(token.encode("ascii")).headers()
    except _MALFORMED:
        raise invalid() from None
    return header if isinstance(header, dict) else {}


def unproven_issuer(token: str) -> str:
    """Read who a token says it is from, only to choose the key that proves or refutes it."""
    try:
        issuer = json.loads(extract_compact(token.encode("ascii")).payload)["iss"]
    except _MALFORMED:
        raise invalid() from None
    return issuer if isinstance(issuer, str) else ""


def proven_claims(token: str, key: Key, signatures: JWSRegistry, rules: JWTClaimsRegistry) -> Claims:
    """Give the claims of a token once signature, times and expected values hold; else Refused (401)."""
    try:
        claims = jwt.decode(token, key, registry=signatures).claims
        rules.validate(claims)
    except ExpiredTokenError:
        raise Refused("token-expired", "the token has run out", status=401) from None
    except _MALFORMED:
        raise invalid() from None
    return claims


def invalid() -> Refused:
    """Make the refusal that every flawed token gets, whatever the flaw."""
    return Refused("token-invalid", "the token is not one that is accepted here", status=401)
