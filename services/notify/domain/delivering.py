"""How a text comes to the phone: claimed, tried, answered, receipted; pure."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.notify.domain.message import Change, Delivery, State, advance
from shared.contracts.messages import MessageEvent


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the provider reports about a text: `state` is `delivered` or `undelivered`."""

    reference: str
    provider_id: str | None
    state: State
    at: datetime


@dataclass(frozen=True, slots=True)
class Taken:
    """The provider has the text; `report` is what it knows about the way to the phone."""

    provider_id: str
    report: State = State.SENT


@dataclass(frozen=True, slots=True)
class Rejected:
    """The provider will never send this text; `code` says why."""

    code: str


@dataclass(frozen=True, slots=True)
class Busy:
    """The provider did not take the text; it may do so later, not before `after`."""

    reason: str
    after: timedelta = timedelta()


@dataclass(frozen=True, slots=True)
class Unclear:
    """Nobody knows whether the provider took the text: it must be asked before another try."""

    reason: str


@dataclass(frozen=True, slots=True)
class Unknown:
    """The provider was asked and does not know the text."""


Answer = Taken | Rejected | Busy | Unclear | Unknown


@dataclass(frozen=True, slots=True)
class Patience:
    """How long a text is tried: pauses double from `first` to `most`, `tries` in all."""

    first: timedelta = timedelta(seconds=2)
    most: timedelta = timedelta(minutes=15)
    tries: int = 40

    def pause(self, attempts: int, jitter: float) -> timedelta:
        """Give the pause after so many attempts; a `jitter` in [0, 1) spreads it over its upper half."""
        doubled: timedelta = self.first * 2 ** min(attempts - 1, 20)
        return min(doubled, self.most) * (0.5 + jitter / 2)


def explain(answer: Answer) -> str | None:
    """Say in a word what is behind an answer, for the ledger."""
    match answer:
        case Taken():
            return answer.report
        case Rejected():
            return answer.code
        case Busy() | Unclear():
            return answer.reason
    return None


def show(delivery: Delivery, now: datetime) -> Change:
    """Put a message into the inbox."""
    return advance(replace(delivery, attempts=1), State.SENT, now)


def begin(delivery: Delivery, text: str, segments: int, now: datetime, lease: timedelta) -> Delivery:
    """Claim a text for one attempt; an attempt that ended in silence makes it unclear, its text stays."""
    return replace(
        delivery,
        state=State.SENDING,
        attempts=delivery.attempts + 1,
        due_at=now + lease,
        unclear=delivery.unclear or delivery.state is State.SENDING,
        text=delivery.text or text,
        segments=delivery.segments or segments,
    )


def settle(delivery: Delivery, answer: Answer, now: datetime, patience: Patience, jitter: float) -> Change:
    """Draw the conclusion from an attempt's answer: sent, given up, or tried again after a growing pause.

    A receipt that came first has already moved the message; then nothing but the provider's id is added.
    """
    if isinstance(answer, Taken):
        taken = replace(delivery, provider_id=delivery.provider_id or answer.provider_id)
        return _advance_through(taken, (State.SENT, answer.report), now)
    if delivery.state is not State.SENDING:
        return Change(delivery)
    if isinstance(answer, Rejected):
        return advance(delivery, State.FAILED, now, answer.code)
    if isinstance(answer, Unknown):
        return advance(delivery, State.EXPIRED, now, "too_late")
    if delivery.attempts >= patience.tries:
        return advance(delivery, State.FAILED, now, answer.reason)
    return Change(_try_again(delivery, answer, now, patience.pause(delivery.attempts, jitter)))


def note_receipt(delivery: Delivery, receipt: Receipt, now: datetime) -> Change:
    """Take a receipt, early, late or double: `delivered` outranks everything, a step down changes nothing."""
    known = replace(delivery, provider_id=delivery.provider_id or receipt.provider_id)
    return advance(known, receipt.state, now, receipt.state)


def _advance_through(delivery: Delivery, states: Sequence[State], now: datetime) -> Change:
    events: list[MessageEvent] = []
    for state in states:
        change = advance(delivery, state, now, state)
        delivery = change.delivery
        events.extend(change.events)
    return Change(delivery, events)


def _try_again(delivery: Delivery, answer: Busy | Unclear, now: datetime, pause: timedelta) -> Delivery:
    wait = max(pause, answer.after) if isinstance(answer, Busy) else pause
    return replace(
        delivery,
        state=State.QUEUED,
        due_at=now + wait,
        unclear=isinstance(answer, Unclear),
        reason=answer.reason,
    )
