"""Wrapping of data keys by a master key, and the change from one master key to the next."""

import base64
import re
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Protocol, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, StringConstraints

from shared.errors import Unavailable
from shared.sealing import Algorithm, DataKey, seal, unseal

MASTER_NAME = r"^[a-z0-9][a-z0-9_.-]{0,31}$"

_ALGORITHMS = {algorithm.key_bytes: algorithm for algorithm in Algorithm}


class WrappedKey(BaseModel):
    """A data key under a master key, fit to be stored and published; in JSON the box is base64url."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_bytes="base64", val_json_bytes="base64")

    key_id: UUID
    algorithm: Algorithm
    master: Annotated[str, StringConstraints(pattern=MASTER_NAME)]
    box: bytes


class KeyService(Protocol):
    """Who holds the master keys: a file, an HSM or a KMS, the last two a call over the network.

    Each call raises Unavailable while the service or a master key is away, and Unsealable for a wrapped key
    that was altered; answers come in the order of the question. Many calls are made inside a transaction,
    which a slow network would hold open: whoever puts an HSM or KMS here takes them out of it first.
    """

    @property
    def current(self) -> str:
        """The name of the master key that wraps now."""

    async def wrap(self, keys: Sequence[DataKey]) -> list[WrappedKey]:
        """Wrap data keys under the current master key, each bound to its id."""

    async def unwrap(self, wrapped: Sequence[WrappedKey]) -> list[DataKey]:
        """Give the data keys back, whichever master key they are under."""

    async def rewrap(self, wrapped: Sequence[WrappedKey]) -> list[WrappedKey]:
        """Bring keys under the current master key; one that is there already stays as it is."""


@dataclass(frozen=True, slots=True)
class MasterKey:
    """One master key; the length of its secret tells the algorithm."""

    name: str
    secret: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if not re.fullmatch(MASTER_NAME, self.name):
            raise ValueError("the name of a master key is up to 32 of a-z, 0-9, dot, hyphen and underscore")
        if len(self.secret) not in _ALGORITHMS:
            raise ValueError(f"the master key {self.name} has neither 32 bytes nor 16")

    @property
    def algorithm(self) -> Algorithm:
        """The cipher it wraps with: AES-256-GCM for 32 bytes, SM4-GCM for 16."""
        return _ALGORITHMS[len(self.secret)]


class MasterKeys:
    """Master keys out of a file: the last one wraps, every one unwraps."""

    def __init__(self, keys: Sequence[MasterKey], algorithm: Algorithm) -> None:
        self._keys = {key.name: key for key in keys}
        if not keys:
            raise ValueError("there is no master key")
        if len(self._keys) != len(keys) or len({key.secret for key in keys}) != len(keys):
            raise ValueError("a master key, or the name of one, is there twice")
        self._current = keys[-1]
        # Older keys may be of the other algorithm, so that an installation can change over.
        if self._current.algorithm is not algorithm:
            raise ValueError(f"the last master key has not the {algorithm.key_bytes} bytes of {algorithm}")

    @classmethod
    def from_text(cls, text: str, algorithm: Algorithm) -> Self:
        """Read `name:base64` lines, the current one last; ValueError says in one sentence what is wrong."""
        lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), 1)]
        return cls([_master_key(number, line) for number, line in lines if line], algorithm)

    @classmethod
    def load(cls, path: str | Path, algorithm: Algorithm) -> Self:
        """Read a file of master keys; ValueError says in one sentence what is wrong with it."""
        try:
            return cls.from_text(Path(path).read_text("ascii"), algorithm)
        except UnicodeDecodeError:
            fault = "it is not plain text"
        except (OSError, ValueError) as error:
            fault = str(error)
        # Raised out here, because the error about the text holds the whole of it.
        raise ValueError(f"the master key file {path} cannot be used: {fault}")

    @property
    def current(self) -> str:
        """The name of the master key that wraps now."""
        return self._current.name

    def is_current(self, wrapped: WrappedKey) -> bool:
        """Tell whether a key is under the master key that wraps now."""
        return wrapped.master == self.current

    async def wrap(self, keys: Sequence[DataKey]) -> list[WrappedKey]:
        """Wrap data keys under the current master key, each bound to its id and algorithm."""
        return [self._wrapped(key) for key in keys]

    async def unwrap(self, wrapped: Sequence[WrappedKey]) -> list[DataKey]:
        """Give data keys back; raises Unsealable, or Unavailable `master-key-missing` for another master."""
        return [self._unwrapped(one) for one in wrapped]

    async def rewrap(self, wrapped: Sequence[WrappedKey]) -> list[WrappedKey]:
        """Bring keys under the current master key; one that is there already stays as it is."""
        return [one if self.is_current(one) else self._wrapped(self._unwrapped(one)) for one in wrapped]

    def _wrapped(self, key: DataKey) -> WrappedKey:
        box = seal(self._current, key.secret, _context(key.key_id, key.algorithm))
        return WrappedKey(key_id=key.key_id, algorithm=key.algorithm, master=self.current, box=box)

    def _unwrapped(self, wrapped: WrappedKey) -> DataKey:
        master = self._keys.get(wrapped.master)
        if master is None:
            # Unavailable, because a service that has not yet been given a new master key can do it later.
            detail = f"the master key {wrapped.master} is not among those of this service"
            raise Unavailable("master-key-missing", detail, retry_after=30)
        secret = unseal(master, wrapped.box, _context(wrapped.key_id, wrapped.algorithm))
        return DataKey(wrapped.key_id, wrapped.algorithm, secret)


def _is_a_master_key_file(path: Path) -> Path:
    if not path.is_file():
        raise ValueError(f"there is no master key file {path}")
    return path


MasterKeyFile = Annotated[Path, AfterValidator(_is_a_master_key_file)]
"""As a setting: the path of a file of master keys, the current one last."""


def fresh_line(name: str, algorithm: Algorithm) -> str:
    """Draw a new master key as a line to append to the file, its end included; ValueError for a bad name."""
    key = MasterKey(name, secrets.token_bytes(algorithm.key_bytes))
    return f"{key.name}:{base64.b64encode(key.secret).decode()}\n"


def _master_key(number: int, line: str) -> MasterKey:
    name, colon, text = line.partition(":")
    # No fault quotes the line: whatever is wrong with it, it may hold a secret.
    try:
        secret = base64.b64decode(text, validate=True)
    except ValueError:
        colon = ""
    if not colon:
        raise ValueError(f"line {number} is not name:base64")
    return MasterKey(name, secret)


def _context(key_id: UUID, algorithm: Algorithm) -> bytes:
    return f"data-key/{key_id}/{algorithm}".encode()
