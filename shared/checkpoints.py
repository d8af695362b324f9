"""Signed checkpoints of one topic's log, which show later what was there; pure."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Literal, Self

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, model_validator
from pydantic import StringConstraints as Text

from shared.errors import Unreadable
from shared.merkle import LEAF_BYTES, Frontier

NO_CHECKPOINT = "0" * 64
"""What the first checkpoint of a topic names as the one before it."""

_NO_LEAVES = sha256().hexdigest()


class CheckpointFault(StrEnum):
    """What is wrong with a checkpoint, or with the log that it was signed over."""

    KEY_UNKNOWN = "key-unknown"
    SIGNATURE_INVALID = "signature-invalid"
    OTHER_TOPIC = "other-topic"
    NUMBER_NOT_NEXT = "number-not-next"
    PREVIOUS_DIFFERS = "previous-differs"
    TIME_OVERLAPS = "time-overlaps"
    LOG_SHRUNK = "log-shrunk"
    LOG_CHANGED = "log-changed"
    SIZE_DIFFERS = "size-differs"
    ROOT_DIFFERS = "root-differs"
    LEAVES_DIFFER = "leaves-differ"

    @property
    def sentence(self) -> str:
        """Say it in one plain sentence."""
        return _SENTENCES[self]


_SENTENCES = {
    CheckpointFault.KEY_UNKNOWN: "No public key is known under the id that this checkpoint names.",
    CheckpointFault.SIGNATURE_INVALID: "The signature does not belong to this checkpoint.",
    CheckpointFault.OTHER_TOPIC: "The two belong to different topics.",
    CheckpointFault.NUMBER_NOT_NEXT: "A checkpoint is missing between the two, or their order is wrong.",
    CheckpointFault.PREVIOUS_DIFFERS: "The later checkpoint was signed after another one than this.",
    CheckpointFault.TIME_OVERLAPS: "The later slice begins before the earlier one ends.",
    CheckpointFault.LOG_SHRUNK: "The log had more leaves at the earlier checkpoint than at the later one.",
    CheckpointFault.LOG_CHANGED: "The log has another root although no leaf was added.",
    CheckpointFault.SIZE_DIFFERS: "The log does not have as many leaves as were signed.",
    CheckpointFault.ROOT_DIFFERS: "The leaves up to here, or their order, are not what was signed.",
    CheckpointFault.LEAVES_DIFFER: "The leaves of this slice are not those that were signed.",
}


def _utc(at: datetime) -> datetime:
    # One moment must have one text, or a signature would not hold after reading.
    if at.utcoffset():
        raise ValueError("a checkpoint gives its times in UTC")
    return at.replace(tzinfo=UTC)


_Hash = Annotated[str, Text(pattern=r"^[0-9a-f]{64}$")]
_Signature = Annotated[str, Text(pattern=r"^[0-9a-f]{128}$")]
_Topic = Annotated[str, Text(pattern=r"^[a-z0-9][a-z0-9._-]{0,248}$")]
_KeyId = Annotated[str, Text(pattern=r"^[a-z0-9][a-z0-9._-]{0,63}$")]
_Time = Annotated[AwareDatetime, AfterValidator(_utc)]


@dataclass(frozen=True, slots=True)
class Slice:
    """A topic's log at the end of a time slice, hashes in hex; `leaves_hash` is over the slice alone."""

    topic: str
    since: datetime
    until: datetime
    size: int
    root: str
    leaves_hash: str


class OpenSlice:
    """A slice whose leaves are still being counted into the log of its topic."""

    __slots__ = ("_frontier", "_leaves")

    def __init__(self, frontier: Frontier) -> None:
        self._frontier = frontier
        self._leaves = sha256()

    def append(self, leaf: bytes) -> None:
        """Add a leaf to the slice and to the log; ValueError unless it has 32 bytes."""
        if len(leaf) != LEAF_BYTES:
            raise ValueError(f"a leaf of {len(leaf)} bytes would make the hash of the slice ambiguous")
        self._frontier.append(leaf)
        self._leaves.update(leaf)

    def close(self, topic: str, since: datetime, until: datetime) -> Slice:
        """State what was counted, since (inclusive) and until (exclusive) in UTC."""
        root, leaves = self._frontier.root().hex(), self._leaves.hexdigest()
        return Slice(topic, since, until, self._frontier.size, root, leaves)


class Statement(BaseModel):
    """What is signed: number 1, 2, 3 … of its topic, after the checkpoint with the hash `previous`."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    format: Literal["mente-checkpoint-1"] = "mente-checkpoint-1"
    topic: _Topic
    number: Annotated[int, Field(ge=1, lt=2**63)]
    since: _Time
    until: _Time
    size: Annotated[int, Field(ge=0, lt=2**63)]
    root: _Hash
    leaves_hash: _Hash
    previous: _Hash
    key_id: _KeyId

    @model_validator(mode="after")
    def _is_possible(self) -> Self:
        if self.until <= self.since:
            raise ValueError("a slice ends after it begins")
        if (self.number == 1) != (self.previous == NO_CHECKPOINT):
            raise ValueError("the first checkpoint, and no other, has none before it")
        return self

    def texts(self) -> dict[str, str | int]:
        """Every field but the signature as it stands in JSON and on paper."""
        values = {name: getattr(self, name) for name in Statement.model_fields}
        return {**values, "since": self.since.isoformat(), "until": self.until.isoformat()}

    def canonical(self) -> bytes:
        """The bytes that are signed: JSON without the signature, names in order, no spaces."""
        return _json(self.texts())

    @property
    def digest(self) -> str:
        """The hash of the canonical bytes in hex, as the next checkpoint names it."""
        return sha256(self.canonical()).hexdigest()


class Checkpoint(Statement):
    """A statement and its Ed25519 signature in hex."""

    signature: _Signature

    def stored(self) -> bytes:
        """The bytes that are kept and that `read` reads: canonical JSON with the signature."""
        return _json({**self.texts(), "signature": self.signature})


def sign(taken: Slice, earlier: Checkpoint | None, key_id: str, key: Ed25519PrivateKey) -> Checkpoint:
    """Sign a slice as the checkpoint after `earlier`, None for the first.

    ValueError when a value is impossible or the new checkpoint would not follow the earlier one.
    """
    number, previous = (earlier.number + 1, earlier.digest) if earlier else (1, NO_CHECKPOINT)
    statement = Statement(**asdict(taken), number=number, previous=previous, key_id=key_id)
    signature = key.sign(statement.canonical()).hex()
    checkpoint = Checkpoint(**dict(statement), signature=signature)
    fault = follows(earlier, checkpoint) if earlier else None
    if fault:
        raise ValueError(f"this checkpoint is not signed: {fault.sentence}")
    return checkpoint


def read(stored: bytes) -> Checkpoint:
    """Read a stored checkpoint, not yet verified; Unreadable `checkpoint-unreadable` for other bytes."""
    try:
        checkpoint = Checkpoint.model_validate_json(stored)
    except ValueError as error:
        raise Unreadable("checkpoint-unreadable", "this is not a checkpoint") from error
    # Otherwise a bit could change and the checkpoint still mean the same.
    if checkpoint.stored() != stored:
        raise Unreadable("checkpoint-unreadable", "this is not the canonical form of a checkpoint")
    return checkpoint


def verify(checkpoint: Checkpoint, keys: Mapping[str, Ed25519PublicKey]) -> CheckpointFault | None:
    """Tell whether one of the keys, by id, signed the checkpoint; what it says of the log is not checked."""
    key = keys.get(checkpoint.key_id)
    if key is None:
        return CheckpointFault.KEY_UNKNOWN
    try:
        key.verify(bytes.fromhex(checkpoint.signature), checkpoint.canonical())
    except InvalidSignature:
        return CheckpointFault.SIGNATURE_INVALID
    return None


def follows(earlier: Checkpoint, later: Checkpoint) -> CheckpointFault | None:
    """Tell whether the later checkpoint is the next one; neither signature is checked."""
    grown = later.size - earlier.size
    unchanged = later.root == earlier.root and later.leaves_hash == _NO_LEAVES
    return _first_of(
        {
            CheckpointFault.OTHER_TOPIC: later.topic != earlier.topic,
            CheckpointFault.NUMBER_NOT_NEXT: later.number != earlier.number + 1,
            CheckpointFault.PREVIOUS_DIFFERS: later.previous != earlier.digest,
            CheckpointFault.TIME_OVERLAPS: later.since < earlier.until,
            CheckpointFault.LOG_SHRUNK: grown < 0,
            CheckpointFault.LOG_CHANGED: grown == 0 and not unchanged,
        }
    )


def matches(checkpoint: Checkpoint, counted: Slice) -> CheckpointFault | None:
    """Tell whether a log that was counted again, up to the same leaf, is the one that was signed."""
    return _first_of(
        {
            CheckpointFault.OTHER_TOPIC: counted.topic != checkpoint.topic,
            CheckpointFault.SIZE_DIFFERS: counted.size != checkpoint.size,
            CheckpointFault.ROOT_DIFFERS: counted.root != checkpoint.root,
            CheckpointFault.LEAVES_DIFFER: counted.leaves_hash != checkpoint.leaves_hash,
        }
    )


def _first_of(found: Mapping[CheckpointFault, bool]) -> CheckpointFault | None:
    return next((fault for fault, is_there in found.items() if is_there), None)


def _json(values: Mapping[str, str | int]) -> bytes:
    return json.dumps(values, sort_keys=True, separators=(",", ":")).encode()
