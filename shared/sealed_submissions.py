"""Submissions on the bus, sealed by the channel to intake's public key (JWE, RFC 7516 and RFC 8037)."""

import json
from pathlib import Path
from typing import Annotated, Any, Self

from joserfc import jwe
from joserfc.errors import JoseError
from joserfc.jwe import JWERegistry
from joserfc.jwk import KeySet, OKPKey
from pydantic import AfterValidator

from shared.errors import Refused

ALGORITHMS = ["ECDH-ES+A256KW", "A256GCM"]
"""Key agreement on X25519 and the cipher of the content; compression is not accepted."""

MOST_TEXT = 1_400_000
"""Characters of the ciphertext, for a body of 1 MiB; the library alone would end at 64 KiB."""


class _Registry(JWERegistry):
    max_ciphertext_length = MOST_TEXT


_REGISTRY = _Registry(algorithms=ALGORITHMS)


class SubmissionKeys:
    """Intake's private keys; the last one is offered to channels, every one opens."""

    def __init__(self, keys: KeySet) -> None:
        self._keys = keys

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read a JWK set with private X25519 keys; ValueError says in one sentence what is wrong with it."""
        try:
            keys = KeySet.import_key_set(json.loads(Path(path).read_bytes()))
            usable = keys.keys and all(_opens(key.as_dict(private=True)) for key in keys.keys)
        except (OSError, ValueError, KeyError, TypeError, JoseError):
            usable = False
        if not usable:
            raise ValueError(f"{path} is no JWK set of private X25519 keys, each with a kid")
        return cls(keys)

    def public(self) -> dict[str, Any]:
        """The public half of the key that channels seal to now."""
        return dict(self._keys.keys[-1].as_dict(private=False))

    def open(self, sealed: bytes) -> bytes:
        """Give the body that a channel sealed; Refused `submission-unsealed` or `submission-unopened`."""
        if sealed[:1] == b"{":
            told = "what is put on the bus is sealed to the key of GET /api/intake/submission-key"
            raise Refused("submission-unsealed", told, status=400)
        try:
            plain = jwe.decrypt_compact(sealed, self._keys, registry=_REGISTRY).plaintext
        except (JoseError, ValueError, KeyError, TypeError, RecursionError):
            plain = None
        if plain is None:
            told = "it was not sealed to a key of this intake, or was altered on the way"
            raise Refused("submission-unopened", told, status=400)
        return plain


def seal_submission(public_key: dict[str, Any], body: bytes) -> bytes:
    """Seal a body to intake's public key; for clients: demo, tests."""
    header = {"alg": ALGORITHMS[0], "enc": ALGORITHMS[1], "kid": public_key["kid"]}
    return jwe.encrypt_compact(header, body, OKPKey.import_key(public_key), registry=_REGISTRY).encode()


def fresh_key(kid: str) -> dict[str, Any]:
    """Draw a private key for the JWK set."""
    key = OKPKey.generate_key("X25519", parameters={"use": "enc", "kid": kid})
    return dict(key.as_dict(private=True))


def _opens(key: dict[str, Any]) -> bool:
    return key.get("crv") == "X25519" and bool(key.get("d")) and bool(key.get("kid"))


def _is_a_key_file(path: Path) -> Path:
    SubmissionKeys.load(path)
    return path


SubmissionKeyFile = Annotated[Path, AfterValidator(_is_a_key_file)]
"""As a setting: the path of a file that `SubmissionKeys.load` can read."""
