"""Events that intake states about the data keys of persons."""

from datetime import datetime
from typing import Annotated, ClassVar, Literal, Self
from uuid import UUID

from pydantic import StringConstraints

from shared.contracts.base import Event

TOPIC = "intake.person-keys"


class PersonEvent(Event):
    """An event about one person; its key is the person's id, and compaction keeps the last one."""

    topic: ClassVar[str] = TOPIC

    person_id: UUID

    @property
    def key(self) -> str:
        return str(self.person_id)


class PersonKeyMade(PersonEvent):
    """A data key, wrapped by the master key of that name; `box` as base64url without padding."""

    type: ClassVar[str] = "person-key-made"
    is_state: ClassVar[bool] = True

    key_id: UUID
    algorithm: Literal["A256GCM", "SM4GCM"]
    master: str
    box: Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$")]

    @classmethod
    def read_tombstone(cls, key: str, occurred_at: datetime) -> "PersonErased":  # type: ignore[override]
        return PersonErased.read_tombstone(key, occurred_at)


class PersonErased(PersonEvent):
    """The person's data keys are gone, and with them all that was sealed; published without a body."""

    type: ClassVar[str] = "person-erased"
    is_tombstone: ClassVar[bool] = True

    @classmethod
    def read_tombstone(cls, key: str, occurred_at: datetime) -> Self:
        return cls(person_id=UUID(key), occurred_at=occurred_at)
