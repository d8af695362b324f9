"""The history of an application is told from sealed events, by whoever has no key."""

from collections.abc import Sequence
from datetime import date
from types import SimpleNamespace
from typing import Any
from uuid import UUID

from deploy.audit.history import Line, lines_in
from shared.contracts.applications import ApplicationRetired
from shared.contracts.base import Event
from shared.contracts.persons import PersonErased, PersonKeyMade
from shared.contracts.retention import Disposal
from tests.support.private import KEY
from tests.support.published import record_of
from tests.support.samples import NOON, an_application_submitted, an_application_withdrawn

APPLICATION = UUID(int=1)
PERSON = UUID(int=2)


def a_message(event: Event, sequence: int) -> Any:
    """An event as Kafka's client gives it."""
    record = record_of(event, sequence)
    told = {"topic": event.topic, "partition": 0, "offset": sequence, **record}
    return SimpleNamespace(**{name: lambda value=value: value for name, value in told.items()})


def told(key: UUID, events: Sequence[Event]) -> list[Line]:
    """The lines of a key from the events that are given."""
    return lines_in(str(key), [a_message(event, number) for number, event in enumerate(events, 1)])


def test_sealed_events_are_told_without_what_is_private() -> None:
    withdrawn = an_application_withdrawn(APPLICATION, reason="材料不齐。")
    submitted, taken_back = told(APPLICATION, [an_application_submitted(APPLICATION), withdrawn])
    assert submitted.facts()["what"].startswith("applies through “攀枝花智慧医保小程序”")
    assert taken_back.facts()["event"]["key_id"] == str(KEY.key_id)
    assert "private" not in taken_back.facts()["event"]
    assert "材料不齐" not in str(taken_back.facts())


def test_an_application_whose_papers_are_gone_says_so_plainly() -> None:
    retired = ApplicationRetired(
        occurred_at=NOON,
        application_id=APPLICATION,
        disposal=Disposal.ERASE,
        policy_version=3,
        due_on=date(2037, 1, 1),
        run_id=PERSON,
        asked_by="operator",
        approved_by="supervisor",
    )
    _, last = told(APPLICATION, [an_application_submitted(APPLICATION), retired])
    what = last.facts()["what"]
    assert "its papers are erased, policy version 3 let them go from 2037-01-01" in what
    assert last.facts()["type"] == "application-retired"
    archived = retired.model_copy(update={"disposal": Disposal.ARCHIVE})
    assert "its papers are moved to the archive" in told(APPLICATION, [archived])[0].facts()["what"]


def test_records_without_a_body_tell_of_an_erasure() -> None:
    made = PersonKeyMade(
        occurred_at=NOON, person_id=PERSON, key_id=KEY.key_id, algorithm="A256GCM", master="tests", box="AQ"
    )
    erased = PersonErased(occurred_at=NOON, person_id=PERSON)
    lines = told(PERSON, [made, erased])
    assert [(line.event, line.link.body) for line in lines] == [(erased, b"")] * 2
