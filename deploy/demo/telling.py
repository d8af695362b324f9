"""Who did what: each record on the bus in a sentence that a layman understands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import singledispatch

from deploy.demo.applying import Chapter
from deploy.demo.bus import Seen
from deploy.local.keys import CHANNELS, staff_list
from shared.contracts.applications import ApplicationRetired, ApplicationSubmitted, MaterialSupplied
from shared.contracts.base import Event
from shared.contracts.cases import (
    ApplicationAccepted,
    CaseOpened,
    DecisionMade,
    ExpertOpinionGiven,
    MaterialRequested,
    Outcome,
    ReviewForwarded,
    ReviewResumed,
    Stage,
)
from shared.contracts.messages import MessageChannel, MessageDelivered, MessageFailed, MessageSent
from shared.contracts.retention import Disposal
from shared.contracts.submissions import SubmissionOffered, SubmissionReceived

STAFF = {person["username"]: person for person in staff_list()}
CHANNEL_NAMES = {channel.id: channel.name for channel in CHANNELS}
STAGES = {
    Stage.ACCEPTANCE: "acceptance",
    Stage.FIRST: "first review",
    Stage.EXPERT: "the experts",
    Stage.FINAL: "final review",
}
TOLD_OF = {
    "submitted": "that it was submitted",
    "accepted": "that it was accepted, and until when it is decided",
    "material_requested": "that material is missing",
    "approved": "that it was approved",
    "rejected": "that it was rejected",
    "withdrawn": "that it was withdrawn",
}
"""What a message tells of, by template."""

MENTE = "Mente"
OPINION = ", with an opinion that is sealed on the bus"
"""What an onlooker without the person's key can tell of what the staff think."""


@dataclass(frozen=True, slots=True)
class Deed:
    """Who did what."""

    who: str
    what: str


def tell(record: Seen, chapter: Chapter) -> Deed:
    """Say what a record of this application means."""
    applicant = f"{chapter.figure.name}, applicant"
    if record.type == SubmissionOffered.type:
        channel = _channel(chapter.sender)
        return Deed(applicant, f"hands the application over through {channel}, sealed, on the bus")
    deed = deed_of(record.event)
    return Deed(deed.who or applicant, deed.what)


def channel_name(sender: str) -> str:
    """What the channel is called."""
    return CHANNEL_NAMES.get(sender, sender)


def _channel(sender: str) -> str:
    return f"“{channel_name(sender)}”"


@singledispatch
def deed_of(event: Event) -> Deed:
    """Say what an event means; a deed without a `who` is the applicant's."""
    return Deed(MENTE, event.type)


@deed_of.register
def _(event: ApplicationSubmitted) -> Deed:
    again = " once more, naming the rejected one," if event.previous_application_id else ""
    papers = f"with {len(event.materials)} papers"
    return Deed("", f"applies{again} through {_channel(event.channel)} {papers}: {event.acceptance_no}")


@deed_of.register
def _(event: SubmissionReceived) -> Deed:
    return Deed(MENTE, f"answers on the bus: received, number {event.receipt.acceptance_no}")


@deed_of.register
def _(event: MaterialSupplied) -> Deed:
    opinion = " and the physician's opinion" if event.with_opinion else ""
    return Deed("", f"supplies what was asked for: {len(event.materials)} paper{opinion}")


@deed_of.register
def _(event: ApplicationRetired) -> Deed:
    gone = "are erased" if event.disposal is Disposal.ERASE else "are moved to the archive"
    rule = f"policy version {event.policy_version} let them go from {event.due_on}"
    return Deed(
        _officer(event.asked_by),
        f"with the agreement of {_officer(event.approved_by)}: its papers {gone}, {rule}; "
        "a paper that another application holds stays with that one",
    )


@deed_of.register
def _(event: CaseOpened) -> Deed:
    return Deed(MENTE, f"opens a case at the agency; an officer must look at it by {event.acceptance_due_on}")


@deed_of.register
def _(event: ApplicationAccepted) -> Deed:
    days, due = event.budget_working_days, event.due_on
    return Deed(_officer(event.accepted_by), f"accepts it: {days} working days to decide, until {due}")


@deed_of.register
def _(event: MaterialRequested) -> Deed:
    asked = ", ".join(kind.replace("_", " ") for kind in event.kinds)
    paused = "; the clock stands still meanwhile" if event.clock_paused_on else ""
    return Deed(
        _officer(event.requested_by),
        f"asks for what is missing by {event.answer_due_on}{paused}: {asked}",
    )


@deed_of.register
def _(event: ReviewResumed) -> Deed:
    return Deed(MENTE, f"takes {STAGES[event.stage]} up again; the decision is due on {event.due_on}")


@deed_of.register
def _(event: ReviewForwarded) -> Deed:
    return Deed(_officer(event.forwarded_by), f"hands it on to {STAGES[event.to_stage]}{OPINION}")


@deed_of.register
def _(event: ExpertOpinionGiven) -> Deed:
    advice = "approve" if event.recommendation is Outcome.APPROVED else "reject"
    return Deed(_officer(event.expert), f"recommends to {advice} it{OPINION}")


@deed_of.register
def _(event: DecisionMade) -> Deed:
    reasons = ", ".join(f"{reason.text} ({reason.code})" for reason in event.reasons)
    remedy = f". {event.remedy}" if event.remedy else ""
    words = f": {reasons}{remedy}" if event.reasons else OPINION
    decided = "APPROVES" if event.outcome is Outcome.APPROVED else "REJECTS"
    return Deed(_officer(event.decided_by), f"{decided} it{words}")


@deed_of.register
def _(event: MessageSent) -> Deed:
    if event.channel is MessageChannel.IN_APP:
        return Deed("Inbox", f"shows {TOLD_OF[event.template]}")
    return Deed("SMS", f"tells the phone {TOLD_OF[event.template]}")


@deed_of.register
def _(event: MessageDelivered) -> Deed:
    return Deed("SMS", f"has reached the phone: {TOLD_OF[event.template]}")


@deed_of.register
def _(event: MessageFailed) -> Deed:
    return Deed("SMS", f"did not reach the person: {event.reason}")


_ROLES: Mapping[str, str] = {
    "acceptance_officer": "acceptance officer",
    "first_reviewer": "first reviewer",
    "expert": "expert",
    "final_reviewer": "final reviewer",
}


def _officer(username: str) -> str:
    person = STAFF.get(username)
    if person is None:
        return username
    return f"{person['name']}, {_ROLES.get(person['roles'][0], person['roles'][0])}"
