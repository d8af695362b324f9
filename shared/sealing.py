"""Sealing of what names or describes a person, under a data key of that person."""

import base64
import secrets
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, Self, TypeVar
from uuid import UUID

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.ciphers.algorithms import SM4
from cryptography.hazmat.primitives.ciphers.modes import GCM
from pydantic import BaseModel, ValidationError
from uuid_utils.compat import uuid7

from shared.errors import Unreadable

NONCE_BYTES = 12
TAG_BYTES = 16
# The formats of boxes and of object streams differ, so that neither is ever taken for the other.
_BOX = b"\x01"

M = TypeVar("M", bound=BaseModel)


class Algorithm(StrEnum):
    """The two ciphers that seal, both with a nonce of 12 bytes and a tag of 16."""

    A256GCM = "A256GCM"
    SM4GCM = "SM4GCM"

    @property
    def key_bytes(self) -> int:
        """The length of a key: 32 bytes for AES-256, 16 for SM4."""
        return 32 if self is Algorithm.A256GCM else 16


class Unsealable(Exception):
    """What was sealed does not open: the key, the context or a bit of it is not what it was."""

    def __init__(self) -> None:
        super().__init__("the key, the context or the content is not the one that was sealed")


class Key(Protocol):
    """What seals: a data key or a master key."""

    @property
    def algorithm(self) -> Algorithm: ...

    @property
    def secret(self) -> bytes: ...


@dataclass(frozen=True, slots=True)
class DataKey:
    """The key of one person's data; its text form never shows the secret."""

    key_id: UUID
    algorithm: Algorithm
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.secret) != self.algorithm.key_bytes:
            raise ValueError(f"a key for {self.algorithm} has {self.algorithm.key_bytes} bytes")

    @classmethod
    def fresh(cls, algorithm: Algorithm) -> Self:
        """Draw a new key with an id of its own."""
        return cls(uuid7(), algorithm, secrets.token_bytes(algorithm.key_bytes))


class Aead(Protocol):
    """A cipher under one key: encrypts to ciphertext and tag, decrypts or raises InvalidTag."""

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes: ...

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes: ...


def seal(key: Key, plain: bytes, context: bytes) -> bytes:
    """Seal some bytes for one context: what they belong to, for example `application-submitted/<id>`.

    Gives one byte of format, a nonce of 12 bytes, the ciphertext and a tag of 16 bytes.
    """
    # Random nonces are safe for 2^32 boxes under one key (NIST SP 800-38D, 8.3); a person has a few hundred.
    nonce = secrets.token_bytes(NONCE_BYTES)
    return _BOX + nonce + aead(key).encrypt(nonce, plain, _BOX + context)


def unseal(key: Key, box: bytes, context: bytes) -> bytes:
    """Open what `seal` gave; raises Unsealable unless key, context and every bit are the same."""
    if box[:1] != _BOX:
        raise Unsealable
    body = 1 + NONCE_BYTES
    return opened(aead(key), box[1:body], box[body:], _BOX + context)


def seal_json(key: Key, model: BaseModel, context: bytes) -> str:
    """Seal a model as the text of a box, fit for a field of an event."""
    return box_text(seal(key, model.model_dump_json().encode(), context))


def unseal_json(key: Key, text: str, context: bytes, kind: type[M]) -> M:
    """Open what `seal_json` gave; raises Unsealable, or Unreadable `sealed-unreadable` for another kind."""
    plain = unseal(key, box_bytes(text), context)
    try:
        return kind.model_validate_json(plain, extra="ignore")
    except ValidationError as error:
        # The types of the faults quote nobody; the error does, so it must not even be the context of ours.
        faults = sorted({fault["type"] for fault in error.errors(include_input=False, include_url=False)})
    raise Unreadable("sealed-unreadable", f"what was sealed is no {kind.__name__}: {', '.join(faults)}")


def box_text(box: bytes) -> str:
    """Write a box as base64url without padding."""
    return base64.urlsafe_b64encode(box).rstrip(b"=").decode()


def box_bytes(text: str) -> bytes:
    """Read what `box_text` wrote; raises Unsealable for any other text, even one of the same bytes."""
    try:
        box = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except ValueError:
        raise Unsealable from None
    # The library skips characters it does not know and bits it does not need.
    if box_text(box) != text:
        raise Unsealable
    return box


def aead(key: Key) -> Aead:
    """Give the cipher of a key, for those who keep their own nonces and must never repeat one."""
    return AESGCM(key.secret) if key.algorithm is Algorithm.A256GCM else _Sm4Gcm(key.secret)


def opened(cipher: Aead, nonce: bytes, sealed: bytes, associated: bytes) -> bytes:
    """Decrypt ciphertext and tag; raises Unsealable for whatever was altered or cut short."""
    if len(sealed) < TAG_BYTES:
        raise Unsealable
    try:
        return cipher.decrypt(nonce, sealed, associated)
    except InvalidTag:
        raise Unsealable from None


class _Sm4Gcm:
    """SM4-GCM (RFC 8998), which the library offers only in parts."""

    def __init__(self, secret: bytes) -> None:
        self._sm4 = SM4(secret)

    def encrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        encryptor = Cipher(self._sm4, GCM(nonce)).encryptor()
        encryptor.authenticate_additional_data(associated_data)
        return encryptor.update(data) + encryptor.finalize() + encryptor.tag

    def decrypt(self, nonce: bytes, data: bytes, associated_data: bytes, /) -> bytes:
        decryptor = Cipher(self._sm4, GCM(nonce, data[-TAG_BYTES:])).decryptor()
        decryptor.authenticate_additional_data(associated_data)
        # The plain bytes leave this function only after finalize has checked the tag.
        return decryptor.update(data[:-TAG_BYTES]) + decryptor.finalize()
