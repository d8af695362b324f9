"""What an event wants told to a person, by which ways, and how long it is worth telling; pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from hashlib import blake2b
from typing import TypedDict
from uuid import UUID

from shared.clock import SHANGHAI
from shared.contracts.messages import MessageChannel

SMS, IN_APP = MessageChannel.SMS, MessageChannel.IN_APP


class Template(StrEnum):
    """What a message tells (12.9)."""

    SUBMITTED = "submitted"
    ACCEPTED = "accepted"
    MATERIAL_REQUESTED = "material_requested"
    APPROVED = "approved"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


WAYS: Mapping[Template, tuple[MessageChannel, ...]] = {
    Template.SUBMITTED: (SMS, IN_APP),
    Template.ACCEPTED: (SMS, IN_APP),
    Template.MATERIAL_REQUESTED: (SMS, IN_APP),
    Template.APPROVED: (SMS, IN_APP),
    Template.REJECTED: (SMS, IN_APP),
    Template.WITHDRAWN: (IN_APP,),
}
"""By which ways a message goes out unless the region switches one off (12.9)."""

EVENTS: Mapping[Template, str] = {
    Template.SUBMITTED: "application-submitted",
    Template.ACCEPTED: "application-accepted",
    Template.MATERIAL_REQUESTED: "material-requested",
    Template.APPROVED: "decision-made",
    Template.REJECTED: "decision-made",
    Template.WITHDRAWN: "application-withdrawn",
}
"""The type of event that each message tells of: a region's switches go by it, and so does what was sealed."""

WORDED = frozenset({Template.MATERIAL_REQUESTED, Template.REJECTED})
"""What the inbox tells in words of the sealed part."""

_USEFUL_FOR: Mapping[Template, timedelta] = {
    Template.SUBMITTED: timedelta(days=3),
    Template.ACCEPTED: timedelta(days=7),
    Template.MATERIAL_REQUESTED: timedelta(days=1),
    Template.APPROVED: timedelta(days=30),
    Template.REJECTED: timedelta(days=30),
}


_TIME = ((1 << 48) - 1) << 80
_HASH = (1 << 80) - 1 - (0xF << 76) - (0x3 << 62)
_VERSION_8 = (8 << 76) | (2 << 62)


class Details(TypedDict, total=False):
    """What a text needs besides recipient and region; `on` is the ISO date that it names.

    `kinds` of missing papers and standard texts of `reasons` are kept as they are; what exactly is wanted
    or meant is in the sealed part of the event, in the same order.
    """

    on: str
    provisional: bool
    kinds: list[str]
    reasons: list[str]
    remedy: str


@dataclass(frozen=True, slots=True)
class Announcement:
    """What one event wants told to the person of one application, and the sealed part of that event."""

    event_id: UUID
    application_id: UUID
    template: Template
    occurred_at: datetime
    details: Details
    key_id: UUID | None = None
    sealed: str | None = None


@dataclass(frozen=True, slots=True)
class Recipient:
    """The person of an application; `sealed` is the private part of the submission under the key `key_id`."""

    application_id: UUID
    person_id: UUID
    region: str
    acceptance_no: str
    key_id: UUID | None = None
    sealed: str | None = None

    @property
    def is_erased(self) -> bool:
        """Whether the private part was given up, of which the name of the key stays."""
        return self.key_id is not None and self.sealed is None


@dataclass(frozen=True, slots=True)
class RegionRules:
    """What notify keeps of a version of a region's policy; `ways` maps events to the ways that are on.

    `entry` is what the region's channels call the list of one's applications, None where that is not known;
    `neutral` wording does not name the kind of benefit; `material_names` names kinds of paper. A due day is
    promised only where the limit is verified (`limit_verified`), an appeal named only where there is one.
    """

    region: str
    version: int
    signature: str
    division: str
    entry: str | None = None
    neutral: bool = False
    ways: Mapping[str, list[str]] = field(default_factory=dict)
    material_names: Mapping[str, str] = field(default_factory=dict)
    effective_from: date = date.min
    limit_verified: bool = True
    appeals: bool = True

    def allows(self, template: Template, channel: MessageChannel) -> bool:
        """Tell whether the region sends this message by this way."""
        return channel in self.ways.get(EVENTS[template], ())


def message_id(event_id: UUID, application_id: UUID, channel: MessageChannel) -> UUID:
    """Derive a message's id, the same whenever asked: the time part of its event's id, then a hash."""
    named = b"%032x%032x%s" % (event_id.int, application_id.int, channel.encode())
    hashed = int.from_bytes(blake2b(named, digest_size=10).digest(), "big")
    return UUID(int=(event_id.int & _TIME) | (hashed & _HASH) | _VERSION_8)


def useful_until(announcement: Announcement, channel: MessageChannel) -> datetime | None:
    """Tell when a text is no longer worth sending; None for the inbox, where it stays.

    A request for material is worth sending until the day of the answer has ended.
    """
    if channel is IN_APP:
        return None
    at_least = announcement.occurred_at + _USEFUL_FOR[announcement.template]
    if announcement.template is not Template.MATERIAL_REQUESTED:
        return at_least
    answer_due_on = date.fromisoformat(announcement.details["on"])
    return max(at_least, datetime.combine(answer_due_on + timedelta(days=1), time.min, SHANGHAI))
