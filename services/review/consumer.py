"""What review does with the events of other services: one action per type, in the transaction it gets."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from services.review import actions
from services.review.actions import Shelf, replaying
from shared import person_keys
from shared.contracts.applications import ApplicationSubmitted, ApplicationWithdrawn, MaterialSupplied
from shared.contracts.persons import PersonErased, PersonKeyMade
from shared.contracts.policies import CalendarPublished, PolicyPublished
from shared.contracts.topics import APPLICATIONS, CALENDARS, CASES, PERSON_KEYS, POLICIES
from shared.inbox import Consumer
from shared.postgres import Tx
from shared.received import Handler, Received

SERVICE = "review"
Batch = Sequence[Received[Any]]


def consumers(now: Callable[[], datetime], shelf: Shelf) -> list[Consumer]:
    """The topics that review reads, each with its handlers."""
    reader = _Reader(now, shelf)
    return [
        Consumer(SERVICE, POLICIES, {PolicyPublished: reader.on_policy_published}),
        Consumer(SERVICE, CALENDARS, {CalendarPublished: reader.on_calendar_published}),
        Consumer(
            SERVICE,
            APPLICATIONS,
            {
                ApplicationSubmitted: reader.on_application_submitted,
                MaterialSupplied: reader.on_material_supplied,
                ApplicationWithdrawn: reader.on_application_withdrawn,
            },
        ),
        Consumer(SERVICE, PERSON_KEYS, {PersonKeyMade: on_key_made, PersonErased: on_person_erased}),
    ]


def replayers(now: Callable[[], datetime], shelf: Shelf) -> tuple[Consumer, ...]:
    """The topics that review's state is made of, in the order in which a rebuild reads them."""
    policies, calendars, _, keys = consumers(now, shelf)
    own: dict[type[Any], Handler] = dict.fromkeys(CASES.events, on_own_event)
    told: dict[type[Any], Handler] = {
        ApplicationSubmitted: on_told_submitted,
        MaterialSupplied: on_told_supplied,
    }
    return (
        policies,
        calendars,
        Consumer(SERVICE, CASES, own),
        Consumer(SERVICE, APPLICATIONS, told),
        keys,
    )


async def on_own_event(tx: Tx, batch: Batch) -> None:
    """The case is brought to where the event has brought it."""
    await replaying.fold_cases(tx, [received.event for received in batch])


async def on_told_submitted(tx: Tx, batch: Batch) -> None:
    """What intake told is kept; that a case was opened is an event of its own."""
    await replaying.keep_submitted(tx, [received.event for received in batch])


async def on_told_supplied(tx: Tx, batch: Batch) -> None:
    """The papers are added; that the review went on is an event of its own."""
    await replaying.keep_supplied(tx, [received.event for received in batch])


async def on_key_made(tx: Tx, batch: Batch) -> None:
    """The wrapped keys are kept."""
    await person_keys.keep(tx, [received.event for received in batch])


async def on_person_erased(tx: Tx, batch: Batch) -> None:
    """The keys are deleted: what is sealed under them stays sealed."""
    await person_keys.forget(tx, [received.event for received in batch])


class _Reader:
    """Translates received events into actions."""

    def __init__(self, now: Callable[[], datetime], shelf: Shelf) -> None:
        self._now = now
        self._shelf = shelf

    async def on_application_submitted(self, tx: Tx, batch: Batch) -> None:
        """A case is opened; it waits for acceptance."""
        book = await self._shelf.rulebook(tx)
        await actions.open_cases(tx, [received.event for received in batch], book, self._now())

    async def on_material_supplied(self, tx: Tx, batch: Batch) -> None:
        """The case returns to the stage that asked."""
        book = await self._shelf.rulebook(tx)
        await actions.resume_cases(tx, [received.event for received in batch], book, self._now())

    async def on_application_withdrawn(self, tx: Tx, batch: Batch) -> None:
        """The case is closed unless it has ended."""
        await actions.close_cases(tx, [received.event for received in batch], self._now())

    async def on_policy_published(self, tx: Tx, batch: Batch) -> None:
        """The version is kept."""
        await actions.keep_policies(tx, [received.event for received in batch], self._now())

    async def on_calendar_published(self, tx: Tx, batch: Batch) -> None:
        """The year is kept; provisional due dates are corrected."""
        await actions.keep_calendars(tx, [received.event for received in batch], self._now())
