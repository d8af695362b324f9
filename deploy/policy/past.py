"""Past applications as the bus tells them: what was handed in and what was done, private parts sealed."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from shared.clock import shanghai_date
from shared.contracts.applications import ApplicationSubmitted, MaterialSupplied
from shared.contracts.base import Event, date
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


def read_past(spans: Sequence[Span], kafka: str, wanted: Wanted, told: Callable[[int], None]) -> list[Past]:
    """Read every wanted application of these spans; `told` hears how many records were read meanwhile.

    Raises KafkaSilent.
    """
    from deploy.audit.reading import link_of, records_of

    links = []
    for batch in records_of(kafka, spans):
        found = (link_of(message) for message in batch)
        links += [link for link in found if link and link.type in KINDS and link.body]
        told(len(batch))
    return [past for past in collect(links) if wanted.takes(past.submitted)]


def collect(links: Iterable[Link]) -> list[Past]:
    """Put the events of each application together, each once and in the order they were stated in."""
    once = {link.event_id: link for link in links}
    in_order = sorted(once.values(), key=lambda link: link.sequence)
    return assemble(KINDS[link.type].read(link.body) for link in in_order)


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
