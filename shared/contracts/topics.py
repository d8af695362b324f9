"""The register of topics: who writes, who reads, how many partitions, how long it is kept."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from shared.contracts import applications, cases, messages, persons, policies, submissions
from shared.contracts.base import Event

FOR_EVER = -1
DAY = 24 * 60 * 60 * 1000


@dataclass(frozen=True)
class Topic:
    """One topic. `partitions` never changes, because keys would move; retention in milliseconds.

    Where each record `stands_alone` it means the same without those before it, and none waits behind one of
    its key that cannot be read.
    """

    name: str
    subject: str
    writer: str
    readers: tuple[str, ...]
    events: tuple[type[Event], ...]
    key: str
    partitions: int = 12
    cleanup_policy: Literal["delete", "compact"] = "delete"
    retention_ms: int = FOR_EVER
    configs: Mapping[str, str] = field(default_factory=dict)
    stands_alone: bool = False

    @property
    def in_sequence(self) -> bool:
        """Whether readers may count on 1, 2, 3 … per key: compaction removes records in between."""
        return not self.stands_alone and self.cleanup_policy == "delete"


SUBMISSIONS = Topic(
    name="channel.submissions",
    subject="Applications that channels hand over on the bus",
    writer="channels",
    readers=("intake",),
    events=(),
    key="submission key of the channel",
    retention_ms=30 * DAY,
    configs={"message.timestamp.type": "LogAppendTime"},
    # Channels choose their keys: what a stranger writes must not hold another's key.
    stands_alone=True,
)

RECEIPTS = Topic(
    name="intake.receipts",
    subject="Answers to channel.submissions",
    writer="intake",
    readers=("channels",),
    events=(submissions.SubmissionReceived, submissions.SubmissionRefused),
    key="channel:submission key",
    retention_ms=90 * DAY,
)

APPLICATIONS = Topic(
    name=applications.TOPIC,
    subject="Applications as the applicant sees them",
    writer="intake",
    readers=("review", "notify"),
    events=(
        applications.ApplicationSubmitted,
        applications.MaterialSupplied,
        applications.ApplicationWithdrawn,
        applications.ApplicationRetired,
    ),
    key="application id",
)

PERSON_KEYS = Topic(
    name=persons.TOPIC,
    subject="The wrapped data key of each person; a tombstone erases the person",
    writer="intake",
    readers=("review", "notify"),
    events=(persons.PersonKeyMade, persons.PersonErased),
    key="person id",
    cleanup_policy="compact",
    # An erased key is gone soon after a day: intake states the tombstone again then, that record begins a new
    # segment, and Kafka cleans the one before. The tombstone stays for readers that are away for long.
    configs={"max.compaction.lag.ms": str(DAY), "delete.retention.ms": str(10 * 365 * DAY)},
)

CASES = Topic(
    name=cases.TOPIC,
    subject="Cases, from acceptance to decision",
    writer="review",
    readers=("intake", "notify"),
    events=(
        cases.CaseOpened,
        cases.ApplicationAccepted,
        cases.MaterialRequested,
        cases.ReviewResumed,
        cases.ReviewForwarded,
        cases.ExpertOpinionGiven,
        cases.DecisionMade,
        cases.DueDateCorrected,
        cases.CaseClosed,
    ),
    key="application id",
)

MESSAGES = Topic(
    name=messages.TOPIC,
    subject="Messages to persons and what became of them",
    writer="notify",
    readers=(),
    events=(
        messages.MessageSent,
        messages.MessageDelivered,
        messages.MessageFailed,
        messages.MessageWithheld,
    ),
    key="application id",
)

# Not compacted: a version that is announced for a later day must not take the one in force off the bus.
POLICIES = Topic(
    name="catalog.policies",
    subject="The rules of each region, one document per version",
    writer="catalog",
    readers=("intake", "review", "notify"),
    events=(policies.PolicyPublished,),
    key="region",
    partitions=1,
    stands_alone=True,
)

CALENDARS = Topic(
    name="catalog.calendars",
    subject="Working-day calendars by year",
    writer="catalog",
    readers=("intake", "review"),
    events=(policies.CalendarPublished,),
    key="year",
    partitions=1,
    stands_alone=True,
)

TOPICS: tuple[Topic, ...] = (
    SUBMISSIONS,
    RECEIPTS,
    APPLICATIONS,
    PERSON_KEYS,
    CASES,
    MESSAGES,
    POLICIES,
    CALENDARS,
)

EVENTS: tuple[type[Event], ...] = tuple(kind for topic in TOPICS for kind in topic.events)
