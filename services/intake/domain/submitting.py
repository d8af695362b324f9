"""From what a channel offers to an application with a number, or to a refusal that names every defect."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from uuid import UUID

from services.intake.domain.defects import defect
from services.intake.domain.following import Application
from services.intake.domain.identity import person_id
from services.intake.domain.numbering import acceptance_no, read_acceptance_no
from services.intake.domain.papers import facts_of
from services.intake.domain.rulebook import Rulebook
from services.intake.domain.validating import StoredMaterial, examine
from shared.contracts.applications import ApplicationSubmitted, Paper, SubmittedPrivate, paper_private
from shared.contracts.base import date
from shared.contracts.submissions import (
    Defect,
    NoticeRead,
    Receipt,
    SubmissionOffered,
    SubmissionReceived,
    SubmissionRefused,
)
from shared.errors import Refused, Unavailable

SHANGHAI = timezone(timedelta(hours=8), "Asia/Shanghai")
KEY_LENGTH = 128


@dataclass(frozen=True, slots=True)
class Offer:
    """A submission as it came in: its channel, the regions that serves, its key, the SHA-256 of its body."""

    channel: str
    serves: frozenset[str]
    key: str
    body_hash: bytes
    offered: SubmissionOffered
    received_at: datetime
    traceparent: str | None = None

    def person_id(self, lookup_key: bytes) -> UUID:
        """Name the person whose submission it says it is."""
        applicant = self.offered.applicant
        return person_id(lookup_key, applicant.id_type, applicant.id_number)

    def previous_number(self) -> str | None:
        """The number of the application that this one follows; None without one, or with a slip in it."""
        typed = self.offered.previous_acceptance_no
        return read_acceptance_no(typed) if typed else None


@dataclass(frozen=True, slots=True)
class Draw:
    """What chance gives an application: its id and 65 random bits for its number."""

    application_id: UUID
    random_bits: int


@dataclass(frozen=True, slots=True)
class Known:
    """What intake already knows about the offers at hand: their uploads and the applications they follow."""

    stored: Mapping[str, StoredMaterial] = field(default_factory=dict)
    previous: Mapping[str, Application] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Submission:
    """A submission that may be taken, and the event it becomes."""

    offer: Offer
    event: ApplicationSubmitted

    def receipt(self) -> Receipt:
        """The written receipt with date (F-X02)."""
        return Receipt(
            acceptance_no=self.event.acceptance_no,
            application_id=self.event.application_id,
            person_id=self.event.person_id,
            region=self.event.region,
            submitted_at=self.event.occurred_at,
            body_hash=self.offer.body_hash.hex(),
            warnings=self.event.warnings,
        )


@dataclass(frozen=True, slots=True)
class Taken:
    """A submission that became an application, now or when the same was sent before (`replay`)."""

    receipt: Receipt
    replay: bool = False


@dataclass(frozen=True, slots=True)
class TurnedAway:
    """A record of the bus that is no submission, but whose sender can be told why."""

    channel: str
    key: str
    refused: Refused


Answer = Taken | Refused | Unavailable
"""What a channel gets to its submission."""

TRY_AGAIN = "try-again"
"""The code for one that lost a race: looked at once more, it may be taken."""


@dataclass(frozen=True, slots=True)
class _Past:
    """Whose submission it is, the application that it says it follows, if there is such a one, its papers."""

    person: UUID
    previous: Application | None
    papers: list[Paper]


def submit(offer: Offer, rules: Rulebook | None, known: Known, lookup_key: bytes, draw: Draw) -> Submission:
    """Take a submission (T03); raises Refused `submission-invalid` (422) with all its defects."""
    offered, today = offer.offered, shanghai_day(offer.received_at)
    if offered.region not in offer.serves:
        raise Refused("region-outside-scope", "this channel does not serve that region", status=403)
    if rules is None:
        raise invalid([defect("region-unknown", "region")])
    person = offer.person_id(lookup_key)
    past = _Past(
        person, known.previous.get(offer.previous_number() or ""), facts_of(lookup_key, offered.materials)
    )
    found = examine(offered, offer.channel, rules, known.stored, today)
    defects = [*found.defects, *_previous_defects(offered, past)]
    if defects or offered.notice is None:
        raise invalid(defects)
    event = _submitted(offer, offered.notice, rules.policy.version, past, draw)
    return Submission(offer, event.model_copy(update={"warnings": found.warnings}))


def answer_unwritten(
    offer: Offer,
    decided: Submission | Refused | Unavailable,
    earlier: Mapping[tuple[str, str], Receipt],
    still_open: Mapping[tuple[UUID, str, str], str],
) -> Answer:
    """Answer an offer that made no new application: a repeat, a refusal, or one that is still open.

    `earlier` are receipts by channel and key, `still_open` acceptance numbers by person, region and disease
    (domain list 12.4).
    """
    receipt = earlier.get((offer.channel, offer.key))
    if receipt is not None:
        if receipt.body_hash == offer.body_hash.hex():
            return Taken(receipt, replay=True)
        return Refused("idempotency-key-reused", "this key was used for another submission")
    if not isinstance(decided, Submission):
        return decided
    event = decided.event
    number = still_open.get((event.person_id, event.region, event.disease_code))
    if number is None:
        return Unavailable(TRY_AGAIN, "another application of this person was changing at this moment")
    told = f"application {number} of this person for this disease has not ended"
    return Refused("application-open", told, acceptance_no=number)


def name_of(answer: Answer) -> str:
    """Name an answer: `taken`, `repeated`, or the code of the refusal."""
    if isinstance(answer, Taken):
        return "repeated" if answer.replay else "taken"
    return answer.code


def receipt_event(
    asked: Offer | TurnedAway, answer: Answer, now: datetime
) -> SubmissionReceived | SubmissionRefused:
    """What a channel reads on the bus about its record; raises the answer if it is no answer yet."""
    if isinstance(answer, Unavailable):
        raise answer
    if isinstance(answer, Taken):
        return SubmissionReceived(
            occurred_at=now, channel=asked.channel, submission_key=asked.key, receipt=answer.receipt
        )
    return SubmissionRefused(
        occurred_at=now,
        channel=asked.channel,
        submission_key=asked.key,
        code=answer.code,
        detail=answer.detail,
        defects=answer.extra.get("defects", []),
    )


def invalid(defects: list[Defect]) -> Refused:
    """The refusal that lists what is wrong with a submission."""
    told = "the submission has defects; all are listed"
    return Refused("submission-invalid", told, status=422, defects=[d.model_dump() for d in defects])


def is_usable_key(key: str) -> bool:
    """Tell whether a key of a submission has 1 to 128 printable ASCII characters and no blank."""
    return 0 < len(key) <= KEY_LENGTH and key.isascii() and key.isprintable() and " " not in key


def shanghai_day(moment: datetime) -> date:
    """The day of a moment where the applicants live."""
    return moment.astimezone(SHANGHAI).date()


def _submitted(
    offer: Offer,
    notice: NoticeRead,
    policy_version: int,
    past: _Past,
    draw: Draw,
) -> ApplicationSubmitted:
    offered = offer.offered
    return ApplicationSubmitted(
        application_id=draw.application_id,
        occurred_at=offer.received_at,
        acceptance_no=acceptance_no(draw.random_bits),
        region=offered.region,
        policy_version=policy_version,
        channel=offer.channel,
        application_type=offered.application_type,
        disease_code=offered.disease_code,
        applicant_class=offered.applicant_class,
        person_id=past.person,
        materials=past.papers,
        notice=notice,
        previous_application_id=past.previous.application_id if past.previous else None,
        private=SubmittedPrivate(
            applicant=offered.applicant,
            agent=offered.agent,
            papers=[paper_private(material) for material in offered.materials],
            physician_opinion=offered.physician_opinion,
        ),
    )


def _previous_defects(offered: SubmissionOffered, past: _Past) -> list[Defect]:
    if offered.previous_acceptance_no is None:
        return []
    if past.previous is None or past.previous.person_id != past.person:
        return [defect("previous-unknown", "previous_acceptance_no")]
    return [] if past.previous.ended_at else [defect("previous-open", "previous_acceptance_no")]
