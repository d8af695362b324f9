"""What every event has in common: frozen, strict when written, tolerant when read."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Self, TypeVar
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.json_schema import SkipJsonSchema

Line = Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=r"^[^\x00-\x1f\x7f]+$")]
"""One line of text a person wrote, 1 to 200 characters, without control characters."""

Paragraph = Annotated[
    str, StringConstraints(min_length=1, max_length=4000, pattern=r"^[^\x00-\x08\x0b-\x1f\x7f]+$")
]
"""Longer text a person wrote, 1 to 4,000 characters, line breaks allowed."""

Code = Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9_.:-]+$")]
"""An identifier from a list: ASCII letters, digits and `_ . : -`."""

ContentHash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
"""SHA-256 of a stored object, 64 lower-case hex digits."""


SealedText = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$")]
"""A sealed box as base64url without padding (see shared/sealing.py)."""


class Value(BaseModel):
    """A frozen part of an event; unknown fields are refused when it is written."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Event(Value):
    """Something that happened, stated once by the service that owns it.

    `type` is a kebab-case past participle, `version` grows only when a field is added, `topic` names the
    one topic it is written to. A tombstone is published without a body and takes what had its key with it.
    The body of a state is read from its table when it is published, and is a tombstone's if it is gone.
    """

    type: ClassVar[str]
    version: ClassVar[int] = 1
    topic: ClassVar[str]
    is_tombstone: ClassVar[bool] = False
    is_state: ClassVar[bool] = False

    occurred_at: AwareDatetime

    @classmethod
    def read_tombstone(cls, key: str, occurred_at: datetime) -> Self:  # noqa: ARG003
        """Read a record without a body, of which there is a key and a time."""
        raise ValueError(f"{cls.__name__} has a body")

    @property
    def key(self) -> str:
        """The Kafka key: events with one key keep their order."""
        raise TypeError(f"{type(self).__name__} names no key")

    @classmethod
    def dataschema(cls) -> str:
        """The schema as the URI that CloudEvents wants, as `urn:mente:application-submitted:1`."""
        return f"urn:mente:{cls.type}:{cls.version}"

    @classmethod
    def read(cls, body: bytes) -> Self:
        """Read a published body; fields that this version does not know are ignored."""
        return cls.model_validate_json(body, extra="ignore")


class ApplicationEvent(Event):
    """An event about one application; its key is the application's id."""

    application_id: UUID

    @property
    def key(self) -> str:
        return str(self.application_id)


class Private(Value):
    """The part of an event that names or describes a person; it is published only sealed."""


P = TypeVar("P", bound=Private)
PrivateKind = type[Private]

Hidden = Annotated[SkipJsonSchema[P | None], Field(default=None, exclude=True, repr=False)]
"""A private part in memory: never in JSON, never in a schema, never in the text form of an event."""


class SealedEvent(ApplicationEvent):
    """An event with a private part; `sealed` is that part under the data key `key_id` of the person.

    Without `sealed` nothing private was said. `private` is there before it is sealed and once it was opened.
    """

    private_kind: ClassVar[PrivateKind]

    key_id: UUID | None = None
    sealed: SealedText | None = None
    private: Hidden[Private] = None

    @property
    def context(self) -> bytes:
        """What a sealed part belongs to, so that it opens in no other place."""
        return f"{self.type}/{self.application_id}".encode()

    @classmethod
    def read(cls, body: bytes) -> Self:
        event = super().read(body)
        if event.private is not None:
            raise ValueError("a private part is published sealed")
        return event


ERASED = "（个人信息已删除或暂不可读）"
"""What stands where a person's words stood: deleted, or under a key that is not here yet."""


class NotOpened(LookupError):
    """A private part was asked for that is still sealed, or that nobody can open any more."""


def opened(private: P | None) -> P:
    """The private part of an event that was opened; raises NotOpened for any other."""
    if private is None:
        raise NotOpened("the private part is sealed")
    return private


__all__ = [
    "ERASED",
    "ApplicationEvent",
    "Code",
    "ContentHash",
    "Event",
    "Hidden",
    "Line",
    "NotOpened",
    "Paragraph",
    "Private",
    "PrivateKind",
    "SealedEvent",
    "Value",
    "date",
    "datetime",
    "opened",
]
