"""Keyed hashes by which a sealed ID number or telephone number is found again."""

import hmac
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Literal

LEAST_BYTES = 32

Kind = Literal["id-number", "phone"]


@dataclass(frozen=True, slots=True)
class LookupKey:
    """The secret behind the hashes, 32 bytes or more; its text form never shows it."""

    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) < LEAST_BYTES:
            raise ValueError(f"a look-up key has {LEAST_BYTES} bytes or more")

    def of(self, kind: Kind, value: str) -> bytes:
        """Hash a value in its usual spelling to 32 bytes (HMAC-SHA256), each kind apart from the other."""
        spelling = value.upper() if kind == "id-number" else _bare_phone(value)
        # No kind holds a NUL, so where the kind ends is never in doubt.
        return hmac.digest(self.secret, f"{kind}\0{spelling}".encode(), sha256)


def _bare_phone(value: str) -> str:
    return "".join(value.split()).replace("-", "").removeprefix("+86")
