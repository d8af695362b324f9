"""Past applications as the bus tells them: what was handed in and what was done, private parts sealed."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from shared.clock import shanghai_date
from shared.contracts.applications import ApplicationSubmitted, MaterialSupplied
from shared.contracts.base import Event, SealedEvent, date
from shared.contracts.cases import CaseEvent
from shared.contracts.topics import APPLICATIONS, CASES

if TYPE_CHECKING:
    from deploy.audit.reading import Span
    from shared.chain import Link

KINDS: dict[str, type[Event]] = {
    kind.type: kind
    for kind in (*APPLICATIONS.events, *CASES.events)
    if issubclass(kind, ApplicationSubmitted | MaterialSupplied | CaseEvent)
}
"""What a rehearsal reads; a withdrawal shows in the case, and what became of old papers does not matter."""


@dataclass(frozen=True, slots=True)
class Past:
    """One application, what its person supplied later, and everything review stated about it, in order."""

    submitted: ApplicationSubmitted
    supplied: tuple[MaterialSupplied, ...] = ()
    acts: tuple[CaseEvent, ...] = ()


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which applications are rehearsed: of one region or of all, submitted on a day or later."""

    region: str | None = None
    since: date | None = None

    def takes(self, submitted: ApplicationSubmitted) -> bool:
        """Tell whether an application is among them."""
        day = shanghai_date(submitted.occurred_at)
        return self.region in {None, submitted.region} and (self.since is None or day >= self.since)


def read_past(kafka: str, spans: Sequence[Span], wanted: Wanted, told: Callable[[int], None]) -> list[Past]:
    """Read every wanted application of these spans; `told` hears how many records were read meanwhile.

    Applications are read before cases, so that nothing of the others is kept. Raises KafkaSilent.
    """
    intake = [span for span in spans if span.topic == APPLICATIONS.name]
    events = events_of(_links(kafka, intake, told))
    keys = {one.key for one in events if isinstance(one, ApplicationSubmitted) and wanted.takes(one)}
    applications = [one for one in events if one.key in keys]
    return assemble([*applications, *events_of(_links(kafka, set(spans) - set(intake), told), keys)])


def events_of(links: Iterable[Link], keys: Collection[str] | None = None) -> list[Event]:
    """Read the events of these keys, or of all, each once and in the order they were stated in.

    Sealed parts are let go at once.
    """
    found: dict[str, tuple[int, Event]] = {}
    for link in links:
        if link.type in KINDS and link.body and (keys is None or link.key in keys):
            event = KINDS[link.type].read(link.body)
            if isinstance(event, SealedEvent):
                event = event.model_copy(update={"sealed": None})
            found[link.event_id] = (link.sequence, event)
    return [event for _, event in sorted(found.values(), key=lambda one: one[0])]


def assemble(events: Iterable[Event]) -> list[Past]:
    """Put events together by application, earliest application first; a case without one is left out."""
    submitted: dict[UUID, ApplicationSubmitted] = {}
    supplied: dict[UUID, list[MaterialSupplied]] = {}
    acts: dict[UUID, list[CaseEvent]] = {}
    for event in events:
        if isinstance(event, ApplicationSubmitted):
            submitted[event.application_id] = event
        elif isinstance(event, MaterialSupplied):
            supplied.setdefault(event.application_id, []).append(event)
        elif isinstance(event, CaseEvent):
            acts.setdefault(event.application_id, []).append(event)
    found = [
        Past(one, tuple(supplied.get(key, ())), tuple(acts.get(key, ()))) for key, one in submitted.items()
    ]
    return sorted(found, key=lambda past: past.submitted.occurred_at)


def _links(kafka: str, spans: Iterable[Span], told: Callable[[int], None]) -> Iterator[Link]:
    from deploy.audit.reading import link_of, records_of

    for batch in records_of(kafka, spans):
        told(len(batch))
        yield from (link for message in batch if (link := link_of(message)))
