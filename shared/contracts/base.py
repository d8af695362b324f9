"""What every event has in common: frozen, strict when written, tolerant when read."""

from datetime import date, datetime
from typing import Annotated, ClassVar, Self
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, StringConstraints

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


class Value(BaseModel):
    """A frozen part of an event; unknown fields are refused when it is written."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class Event(Value):
    """Something that happened, stated once by the service that owns it.

    `type` is a kebab-case past participle, `version` grows only when a field is added, `topic` names the
    one topic it is written to.
    """

    type: ClassVar[str]
    version: ClassVar[int] = 1
    topic: ClassVar[str]

    occurred_at: AwareDatetime

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


__all__ = [
    "ApplicationEvent",
    "Code",
    "ContentHash",
    "Event",
    "Line",
    "Paragraph",
    "Value",
    "date",
    "datetime",
]
