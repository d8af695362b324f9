"""Channels and their Ed25519 signatures, the same on an HTTP call and on a record of the bus."""

import base64
import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from pathlib import Path
from types import MappingProxyType
from typing import Annotated, Any, Self

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from nacl.exceptions import BadSignatureError
from nacl.signing import VerifyKey
from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints, ValidationError

from shared.errors import Refused

WINDOW = timedelta(minutes=5)
CHANNEL, TIMESTAMP, NONCE, SIGNATURE = "mente-channel", "mente-timestamp", "mente-nonce", "mente-signature"
IDEMPOTENCY = "idempotency-key"
SUBMISSIONS = "channel.submissions"

_MISSING = "the signature headers are missing or not well formed"
_ALTERED = "the signature does not belong to this call"
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Channel:
    """A system that may call us: what it may do (`scopes`) and for which regions."""

    id: str
    name: str
    kind: str
    scopes: frozenset[str]
    regions: frozenset[str]

    def require_scope(self, scope: str) -> None:
        """Refuse with `scope-missing` (403) unless the channel holds the scope."""
        if scope not in self.scopes:
            raise Refused("scope-missing", f"this channel does not hold the scope {scope}", status=403)

    def require_region(self, region: str) -> None:
        """Refuse with `region-outside-scope` (403) unless the channel serves the region."""
        if region not in self.regions:
            raise Refused("region-outside-scope", "this channel does not serve that region", status=403)


@dataclass(frozen=True, slots=True)
class SignedCall:
    """What a signature covers: method, path with query, body, idempotency key; header names in lower case."""

    method: str
    target: str
    headers: Mapping[str, str] = field(default_factory=lambda: _NO_HEADERS)
    body: bytes = b""
    idempotency_key: str = ""

    @classmethod
    def from_scope(cls, scope: Mapping[str, Any], body: bytes) -> Self:
        """Take a call from an ASGI scope; the path is the raw one, as it was sent and signed."""
        headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        path, query = scope["raw_path"].decode("latin-1"), scope["query_string"].decode("latin-1")
        target = f"{path}?{query}" if query else path
        return cls(scope["method"], target, headers, body, headers.get(IDEMPOTENCY, ""))

    @classmethod
    def publish(cls, key: str, body: bytes) -> Self:
        """Describe a record of `channel.submissions` that is about to be signed and published."""
        return cls("PUBLISH", SUBMISSIONS, body=body, idempotency_key=key)


class Channels:
    """The channels of one installation; their public keys are parsed once."""

    def __init__(self, entries: Iterable[tuple[Channel, Ed25519PublicKey]]) -> None:
        self._entries = {channel.id: (channel, key) for channel, key in entries}
        # libsodium checks a signature in half the time that OpenSSL takes.
        self._verifiers = {
            name: VerifyKey(key.public_bytes_raw()) for name, (_, key) in self._entries.items()
        }

    @classmethod
    def load(cls, path: str | Path) -> Self:
        """Read the channel file (MENTE_CHANNELS); ValueError says in one sentence what is wrong with it."""
        try:
            file = _File.model_validate_json(Path(path).read_bytes())
            loaded = cls(entry.parsed() for entry in file.channels)
        except (OSError, ValidationError, ValueError) as error:
            raise ValueError(f"the channel file {path} cannot be used: {_sentence(error)}") from error
        if len(loaded._entries) != len(file.channels):
            raise ValueError(f"the channel file {path} names a channel twice")
        return loaded

    def get(self, channel_id: str) -> Channel | None:
        """Look up a channel by its id."""
        entry = self._entries.get(channel_id)
        return entry[0] if entry else None

    def key(self, channel_id: str) -> Ed25519PublicKey | None:
        """Look up the public key of a channel."""
        entry = self._entries.get(channel_id)
        return entry[1] if entry else None

    def verify(self, call: SignedCall, now: datetime) -> Channel:
        """Tell which channel made the call; Refused (401) unless signed rightly, within 5 minutes of now."""
        signature = _signature(call.headers)
        entry = self._entries.get(call.headers[CHANNEL])
        if entry is None:
            raise _refused("channel-unknown", "no channel of this name is registered")
        _require_recent(call.headers[TIMESTAMP], now)
        channel, _ = entry
        try:
            self._verifiers[channel.id].verify(_text(call, call.headers), signature)
        except (BadSignatureError, ValueError):
            raise _refused("signature-invalid", _ALTERED) from None
        return channel

    def verify_record(
        self, headers: Iterable[tuple[str, bytes]], key: bytes | None, body: bytes, appended_at: datetime
    ) -> Channel:
        """Tell which channel published a record, judged at the broker's time so that a replay holds."""
        call = _published(headers, key, body)
        if call.headers.get(IDEMPOTENCY) != call.idempotency_key:
            raise _refused("signature-invalid", "the record key and the idempotency-key header differ")
        return self.verify(call, appended_at)


def replayed() -> Refused:
    """Refuse (401) a call whose signature was used before."""
    return _refused("nonce-replayed", "this signature was used before; sign the call anew")


def _is_a_channel_file(path: Path) -> Path:
    Channels.load(path)
    return path


ChannelFile = Annotated[Path, AfterValidator(_is_a_channel_file)]
"""As a setting: the path of a file that `Channels.load` can read."""


def sign(private_key_pem: bytes, channel_id: str, call: SignedCall, now: datetime) -> dict[str, str]:
    """Give the headers that sign a call or record; for clients: demo, tests, benchmarks."""
    headers = {
        CHANNEL: channel_id,
        TIMESTAMP: str(int(now.timestamp() * 1000)),
        NONCE: secrets.token_urlsafe(18),
    }
    signature = private_key(private_key_pem).sign(_text(call, headers))
    headers[SIGNATURE] = base64.b64encode(signature).decode()
    if call.idempotency_key:
        headers[IDEMPOTENCY] = call.idempotency_key
    return headers


@lru_cache(maxsize=64)
def private_key(pem: bytes) -> Ed25519PrivateKey:
    """Parse an Ed25519 private key once; TypeError for any other kind."""
    key = load_pem_private_key(pem, password=None)
    if not isinstance(key, Ed25519PrivateKey):
        raise TypeError("a channel signs with an Ed25519 key")
    return key


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid")

    id: Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9_.-]{0,63}$")]
    name: str
    kind: str
    public_key: str
    scopes: frozenset[str]
    regions: frozenset[str]

    def parsed(self) -> tuple[Channel, Ed25519PublicKey]:
        raw = base64.b64decode(self.public_key, validate=True)
        channel = Channel(self.id, self.name, self.kind, self.scopes, self.regions)
        return channel, Ed25519PublicKey.from_public_bytes(raw)


class _File(BaseModel):
    channels: list[_Entry]


def _text(call: SignedCall, headers: Mapping[str, str]) -> bytes:
    digest = hashlib.sha256(call.body).hexdigest()
    stamp, nonce = headers[TIMESTAMP], headers[NONCE]
    return f"{call.method}\n{call.target}\n{digest}\n{stamp}\n{nonce}\n{call.idempotency_key}".encode()


def _signature(headers: Mapping[str, str]) -> bytes:
    """Give the raw signature once all four headers are there and well formed."""
    stamp, nonce, signature = headers.get(TIMESTAMP, ""), headers.get(NONCE, ""), headers.get(SIGNATURE, "")
    if not headers.get(CHANNEL) or not stamp or not signature:
        raise _refused("signature-missing", _MISSING)
    if not (16 <= len(nonce) <= 128 and nonce.isascii() and nonce.isprintable() and " " not in nonce):
        raise _refused("signature-missing", "mente-nonce is 16 to 128 printable characters without a space")
    if len(stamp) > 15 or not (stamp.isascii() and stamp.isdigit()):
        raise _refused("signature-missing", "mente-timestamp is a number of milliseconds since 1970")
    try:
        return base64.b64decode(signature, validate=True)
    except ValueError:
        raise _refused("signature-invalid", _ALTERED) from None


def _require_recent(stamp: str, now: datetime) -> None:
    if abs(int(stamp) - now.timestamp() * 1000) > WINDOW.total_seconds() * 1000:
        raise _refused("timestamp-outside-window", "the call was not signed within five minutes of now")


def _published(headers: Iterable[tuple[str, bytes]], key: bytes | None, body: bytes) -> SignedCall:
    try:
        read = {name: value.decode() for name, value in headers if value is not None}
        return SignedCall("PUBLISH", SUBMISSIONS, read, body, (key or b"").decode())
    except UnicodeDecodeError:
        raise _refused("signature-invalid", "the headers and the key of a record are UTF-8 text") from None


def _refused(code: str, detail: str) -> Refused:
    return Refused(code, detail, status=401)


def _sentence(error: Exception) -> str:
    if isinstance(error, ValidationError):
        first = error.errors(include_input=False, include_url=False)[0]
        return f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    return str(error)
