"""Submissions of the same few milliseconds, taken together, each with its own answer."""

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

import prometheus_client

from services.intake.actions.desk import Desk
from services.intake.domain import papers, submitting
from services.intake.domain.submitting import Answer, Known, Offer, Submission, Taken, TurnedAway
from services.intake.store import applications, submissions
from services.intake.store import materials as uploads
from shared import outbox, tracing
from shared.access import replayed
from shared.errors import Refused, Unavailable
from shared.person_keys import sealed
from shared.postgres import AWAY, PASSING, Database, Tx
from shared.sealing import DataKey

SUBMISSIONS = prometheus_client.Counter(
    "intake_submissions", "Submissions answered, by way in and answer.", ["way", "answer"]
)


@dataclass(frozen=True, slots=True)
class Ground:
    """What intake already knows about the offers at hand, and the data keys of their persons."""

    known: Known
    keys: Mapping[UUID, DataKey]


FirstUses = Callable[[Sequence[tuple[str, str]]], Awaitable[Sequence[bool]]]
"""Tells of nonces, each with its channel, whether they are used for the first time."""


@dataclass(slots=True)
class Call:
    """A submission by HTTP; `fresh` tells what became of its nonce, however often its batch is tried."""

    offer: Offer
    nonce: str
    fresh: bool | None = None


async def submit_applications(desk: Desk, first_uses: FirstUses, calls: list[Call]) -> Sequence[Answer]:
    """Write all submissions of the same few milliseconds in one transaction; each gets its own answer."""
    with tracing.start_span("submit_applications", links=[call.offer.traceparent for call in calls]):
        try:
            offers = [call.offer for call in calls]
            ground, _ = await asyncio.gather(
                _look_up(desk.database, desk, offers), _check_nonces(first_uses, calls)
            )
            fresh = [call.offer for call in calls if call.fresh]
            taken = iter(await _take(desk.database, desk, fresh, ground) if fresh else ())
        except (*AWAY, *PASSING) as error:
            # Told as what it is, or the batch would be halved down in search of the item at fault.
            raise _away() from error
    answers = [next(taken) if call.fresh else replayed() for call in calls]
    _count("http", answers)
    return answers


async def answer_submissions(tx: Tx, desk: Desk, asked: Sequence[Offer | TurnedAway], now: datetime) -> None:
    """Take submissions from the bus and state an answer to each; their channels and keys are distinct."""
    offers = [ask for ask in asked if isinstance(ask, Offer)]
    taken = iter(await _take(tx, desk, offers, await _look_up(tx, desk, offers)))
    answers = [next(taken) if isinstance(ask, Offer) else ask.refused for ask in asked]
    events = [submitting.receipt_event(ask, answer, now) for ask, answer in zip(asked, answers, strict=True)]
    await outbox.add(tx, events)
    _count("bus", answers)


async def _check_nonces(first_uses: FirstUses, calls: Sequence[Call]) -> None:
    unknown = [call for call in calls if call.fresh is None]
    if unknown:
        found = await first_uses([(call.offer.channel, call.nonce) for call in unknown])
        for call, fresh in zip(unknown, found, strict=True):
            call.fresh = fresh


async def _take(source: Tx | Database, desk: Desk, offers: Sequence[Offer], ground: Ground) -> list[Answer]:
    answers = await _take_once(source, desk, offers, ground)
    late = [place for place, answer in enumerate(answers) if _is_late(answer)]
    if late:
        others = await _take_late(source, desk, [offers[place] for place in late])
        for place, answer in zip(late, others, strict=True):
            answers[place] = answer
    return answers


def _is_late(answer: Answer) -> bool:
    return isinstance(answer, Unavailable) and answer.code == submitting.TRY_AGAIN


async def _take_late(source: Tx | Database, desk: Desk, offers: Sequence[Offer]) -> list[Answer]:
    """Once more for those who were not the first to make the data key of their person: it is seen by now."""
    try:
        return await _take_once(source, desk, offers, await _look_up(source, desk, offers))
    except AWAY:
        if isinstance(source, Database):
            return [_away() for _ in offers]
        raise


async def _take_once(
    source: Tx | Database, desk: Desk, offers: Sequence[Offer], ground: Ground
) -> list[Answer]:
    decided = [_decide(desk, offer, ground.known) for offer in offers]
    persons = {one.event.person_id for one in decided if isinstance(one, Submission)}
    made = await desk.keys.make(persons - ground.keys.keys())
    keys = {**ground.keys, **{person: one.key for person, one in made.items()}}
    decided = [_sealed(one, keys) if isinstance(one, Submission) else one for one in decided]
    valid = [one for one in decided if isinstance(one, Submission)]
    new = await submissions.insert_applications(source, valid, list(made.values()))
    desk.database.committed.set()
    if len(new) == len(offers):
        return [Taken(one.receipt()) for one in valid]
    left = [
        (offer, one)
        for offer, one in zip(offers, decided, strict=True)
        if not (isinstance(one, Submission) and one.event.application_id in new)
    ]
    others = iter(await _answer_unwritten(source, left))
    return [
        Taken(one.receipt())
        if isinstance(one, Submission) and one.event.application_id in new
        else next(others)
        for one in decided
    ]


def _away() -> Unavailable:
    return Unavailable("database-away", "the database does not answer; try again")


async def _answer_unwritten(
    source: Tx | Database, left: Sequence[tuple[Offer, Submission | Refused | Unavailable]]
) -> list[Answer]:
    """Answer what made no new application; what was written beside it is not taken back by a failure here."""
    try:
        earlier = await submissions.find_receipts(source, [offer for offer, _ in left])
        still_open = await submissions.find_open(source, [s for _, s in left if isinstance(s, Submission)])
    except AWAY:
        if isinstance(source, Database):
            return [_away() for _ in left]
        raise
    return [submitting.answer_unwritten(offer, one, earlier, still_open) for offer, one in left]


async def _look_up(source: Tx | Database, desk: Desk, offers: Sequence[Offer]) -> Ground:
    names = papers.names_of(desk.lookup_key, [m for offer in offers for m in offer.offered.materials])
    numbers = {number for offer in offers if (number := offer.previous_number())}
    persons = {offer.person_id(desk.lookup_key) for offer in offers}
    if isinstance(source, Database):
        stored, keys = await asyncio.gather(
            uploads.find_materials(source, names), desk.keys.of_persons(source, persons)
        )
    else:
        # A transaction has one connection, which takes one question at a time.
        stored = await uploads.find_materials(source, names)
        keys = await desk.keys.of_persons(source, persons)
    previous = await applications.find_applications(source, numbers) if numbers else {}
    return Ground(Known(stored, previous), keys)


def _sealed(submission: Submission, keys: Mapping[UUID, DataKey]) -> Submission:
    event = submission.event
    return replace(submission, event=sealed(event, keys[event.person_id]))


def _decide(desk: Desk, offer: Offer, known: Known) -> Submission | Refused | Unavailable:
    region, today = offer.offered.region, submitting.shanghai_day(offer.received_at)
    try:
        # What a channel does not serve is refused under any rules; what it does serve has some, or soon will.
        rules = desk.policies.in_force(region, today) if region in offer.serves else None
        return submitting.submit(offer, rules, known, desk.lookup_key, desk.draw())
    except (Refused, Unavailable) as answer:
        return answer


def _count(way: str, answers: Iterable[Answer]) -> None:
    for name, number in Counter(map(submitting.name_of, answers)).items():
        SUBMISSIONS.labels(way, name).inc(number)
