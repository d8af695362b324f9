"""A rehearsal reads the past from the bus, each event once, and leaves sealed what is sealed."""

from dataclasses import replace
from datetime import date, datetime

from deploy.policy.differences import Kind
from deploy.policy.past import Past, Wanted, assemble, events_of
from deploy.policy.rehearsal import SEALED
from shared.chain import Link
from shared.clock import SHANGHAI
from shared.outbox import body
from tests.support.cases import FIRST, Story
from tests.support.rehearsing import (
    a_draft,
    a_paper,
    a_story,
    changes,
    limits,
    rehearsed,
)
from tests.support.samples import an_application_submitted

PANZHIHUA = "regions/panzhihua"


def test_what_is_sealed_stays_sealed_and_the_rehearsal_says_so() -> None:
    story = a_story().accept().later(days=4).ask(FIRST, "test_report").later(days=3).supply()
    done = rehearsed(a_draft(PANZHIHUA, limits(on_supplement="run")), over=[as_read_from_the_bus(story)])
    assert changes(done, Kind.DEADLINE) == [("decision earlier", "2026-10-20", "2026-10-15")]
    assert SEALED in done.notes


def as_read_from_the_bus(story: Story) -> Past:
    (found,) = assemble(events_of(links(story)))
    assert (found.submitted.private, found.submitted.sealed) == (None, None)
    return found


def links(story: Story) -> list[Link]:
    events = [*story.events, story.file.dossier.submitted, *story.file.dossier.supplied]
    return [
        Link(
            topic=event.topic,
            key=event.key,
            event_id=str(number),
            type=event.type,
            time=event.occurred_at.isoformat(),
            sequence=number,
            previous="",
            body=body(event) or b"",
        )
        for number, event in enumerate(events, start=1)
    ]


def test_records_are_put_together_once_each_and_in_order() -> None:
    story = a_story().accept().ask(FIRST, "test_report").later(days=1).supply(a_paper("test_report"))
    whole = links(story)
    (found,) = assemble(events_of([*reversed(whole), *whole]))
    assert [event.type for event in found.acts] == [event.type for event in story.events]
    assert [event.round for event in found.supplied] == [1]


def test_a_case_whose_application_is_not_there_is_left_out() -> None:
    assert assemble(a_story().accept().events) == []


def test_cases_of_applications_that_are_not_wanted_are_passed_over() -> None:
    one, other = a_story(), a_story().accept()
    both = [*links(one), *(replace(link, event_id=f"other-{link.event_id}") for link in links(other))]
    events = events_of(both, keys={str(one.application_id)})
    assert [event.type for event in events] == ["case-opened", "application-submitted"]


def test_only_the_wanted_applications_are_taken() -> None:
    midnight = datetime(2026, 9, 18, tzinfo=SHANGHAI)
    submitted = an_application_submitted(occurred_at=midnight)
    assert Wanted().takes(submitted)
    assert Wanted("panzhihua", date(2026, 9, 18)).takes(submitted)
    assert not Wanted("shangrao").takes(submitted)
    assert not Wanted(since=date(2026, 9, 19)).takes(submitted)
