"""What notify reads from the bus, translated into what is told to whom."""

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Any

from services.notify.actions import announcing as actions
from services.notify.actions import erasing, replaying
from services.notify.domain.announcing import (
    Announcement,
    Details,
    Recipient,
    RegionRules,
    Template,
)
from shared import person_keys
from shared.clock import shanghai_date
from shared.contracts import topics
from shared.contracts.applications import ApplicationSubmitted, ApplicationWithdrawn
from shared.contracts.base import ApplicationEvent, SealedEvent
from shared.contracts.cases import ApplicationAccepted, DecisionMade, MaterialRequested, Outcome
from shared.contracts.messages import MessageEvent
from shared.contracts.persons import PersonErased, PersonKeyMade
from shared.contracts.policies import PolicyPublished, RegionPolicy
from shared.contracts.sourced import Grade
from shared.inbox import Consumer
from shared.postgres import Tx
from shared.received import Handler, Received

Now = Callable[[], datetime]
_OUTCOMES = {Outcome.APPROVED: Template.APPROVED, Outcome.REJECTED: Template.REJECTED}


def consumers(now: Now) -> list[Consumer]:
    """What notify does with each topic; the topics need no order between them."""
    reader = _Reader(now)
    return [
        _consumer(
            topics.APPLICATIONS,
            {
                ApplicationSubmitted: reader.on_application_submitted,
                ApplicationWithdrawn: reader.on_application_withdrawn,
            },
        ),
        _consumer(
            topics.CASES,
            {
                ApplicationAccepted: reader.on_application_accepted,
                MaterialRequested: reader.on_material_requested,
                DecisionMade: reader.on_decision_made,
            },
        ),
        _consumer(
            topics.PERSON_KEYS,
            {PersonKeyMade: on_person_key_made, PersonErased: reader.on_person_erased},
        ),
        _consumer(topics.POLICIES, {PolicyPublished: on_policy_published}),
    ]


def replayers(now: Now) -> tuple[Consumer, ...]:
    """The topics that notify's state is made of, in the order in which a rebuild reads them."""
    applications, cases, _, policies = consumers(now)
    own: dict[type[Any], Handler] = dict.fromkeys(topics.MESSAGES.events, on_own_event)
    keys: dict[type[Any], Handler] = {PersonKeyMade: on_person_key_made, PersonErased: on_erased_before}
    return (
        policies,
        applications,
        cases,
        _consumer(topics.MESSAGES, own),
        _consumer(topics.PERSON_KEYS, keys),
    )


async def on_own_event(tx: Tx, received: list[Received[MessageEvent]]) -> None:
    """The message is brought to where the event has brought it."""
    await replaying.fold_messages(tx, [r.event for r in received])


async def on_erased_before(tx: Tx, received: list[Received[PersonErased]]) -> None:
    """The keys are forgotten; what was not told any more is an event of its own."""
    await erasing.forget(tx, [r.event for r in received])


def _consumer(topic: topics.Topic, handlers: Mapping[type[Any], Handler]) -> Consumer:
    return Consumer("notify", topic, handlers)


class _Reader:
    """The handlers that need to know what time it is."""

    def __init__(self, now: Now) -> None:
        self._now = now

    async def on_application_submitted(self, tx: Tx, received: list[Received[ApplicationSubmitted]]) -> None:
        """Keep who is to be told, and confirm the submission."""
        await actions.register(tx, [_recipient(r.event) for r in received])
        told = [_announcement(r, Template.SUBMITTED, r.occurred_at) for r in received]
        await actions.announce(tx, told, self._now())

    async def on_application_withdrawn(self, tx: Tx, received: list[Received[ApplicationWithdrawn]]) -> None:
        """Confirm the withdrawal in the inbox."""
        told = [_announcement(r, Template.WITHDRAWN, r.occurred_at) for r in received]
        await actions.announce(tx, told, self._now())

    async def on_application_accepted(self, tx: Tx, received: list[Received[ApplicationAccepted]]) -> None:
        """Tell until when a decision is due."""
        told = [
            _announcement(r, Template.ACCEPTED, r.event.due_on, {"provisional": r.event.due_provisional})
            for r in received
        ]
        await actions.announce(tx, told, self._now())

    async def on_material_requested(self, tx: Tx, received: list[Received[MaterialRequested]]) -> None:
        """Tell what is missing and until when to supply it."""
        told = [
            _announcement(r, Template.MATERIAL_REQUESTED, r.event.answer_due_on, _kinds(r.event))
            for r in received
        ]
        await actions.announce(tx, told, self._now())

    async def on_decision_made(self, tx: Tx, received: list[Received[DecisionMade]]) -> None:
        """Tell the outcome; a rejection with its reasons and what can be done about it."""
        told = [
            _announcement(r, _OUTCOMES[r.event.outcome], r.occurred_at, _reasons(r.event)) for r in received
        ]
        await actions.announce(tx, told, self._now())

    async def on_person_erased(self, tx: Tx, received: list[Received[PersonErased]]) -> None:
        """Forget the keys of persons; what was still to be told to them is not told any more."""
        await erasing.erase(tx, [r.event for r in received], self._now())


async def on_person_key_made(tx: Tx, received: list[Received[PersonKeyMade]]) -> None:
    """Keep the keys of persons: texts that wait for them can go out."""
    await person_keys.keep(tx, [r.event for r in received])


async def on_policy_published(tx: Tx, received: list[Received[PolicyPublished]]) -> None:
    """Keep signature, switches and names of the regions, for the day on which they come into force."""
    await actions.keep_rules(tx, [_rules(r.event.document) for r in received])


def _announcement(
    received: Received[Any], template: Template, on: date | datetime, details: Details | None = None
) -> Announcement:
    event: ApplicationEvent = received.event
    day = shanghai_date(on) if isinstance(on, datetime) else on
    named: Details = {**(details or {}), "on": day.isoformat()}
    key_id, sealed = (event.key_id, event.sealed) if isinstance(event, SealedEvent) else (None, None)
    return Announcement(
        received.event_id, event.application_id, template, received.occurred_at, named, key_id, sealed
    )


def _recipient(event: ApplicationSubmitted) -> Recipient:
    return Recipient(
        event.application_id, event.person_id, event.region, event.acceptance_no, event.key_id, event.sealed
    )


def _kinds(event: MaterialRequested) -> Details:
    return {"kinds": list(event.kinds)}


def _reasons(event: DecisionMade) -> Details:
    if event.outcome is Outcome.APPROVED:
        return {}
    return {"reasons": [reason.text for reason in event.reasons], "remedy": event.remedy or ""}


def _rules(policy: RegionPolicy) -> RegionRules:
    notifications, limits = policy.notifications, policy.deadlines
    entry = notifications.entry
    verified = Grade.UNVERIFIED not in {limits.sla_working_days.grade, limits.clock_start.grade}
    return RegionRules(
        region=policy.region,
        version=policy.version,
        signature=policy.sms_signature.v,
        division=policy.admdvs.v,
        entry=entry.v if entry and entry.grade is not Grade.UNVERIFIED else None,
        neutral=notifications.neutral_wording.v,
        ways={e.event: [way.value for way in e.channels.v] for e in notifications.by_event},
        material_names={rule.kind: rule.name.v for rule in policy.materials},
        effective_from=policy.effective_from,
        limit_verified=verified,
        appeals=not policy.remedy.appeal_channels.unknown,
    )
