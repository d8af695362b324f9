"""The stories as a person reads them: a timeline, the due date with its reason, the texts that were sent."""

from __future__ import annotations

from datetime import date
from typing import Any

from rich.console import Console, Group
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from deploy.demo.applying import Chapter
from deploy.demo.clients import Answer
from deploy.demo.counting import explain, named
from deploy.demo.stories import Story, Told
from deploy.demo.telling import channel_name, tell
from deploy.demo.wrapping import Lines
from shared.clock import SHANGHAI
from shared.contracts.applications import TOPIC as APPLICATIONS
from shared.contracts.applications import ApplicationSubmitted, MaterialSupplied

QUIET = "dim"
FORMS = {"application/pdf": "PDF", "image/jpeg": "photo", "image/png": "PNG", "image/heic": "photo"}
COLOURS = {"Mente": "cyan", "SMS": "magenta", "Inbox": "magenta"}


def announce(story: Story, screen: Console, place: str = "") -> None:
    """Print what a story is about; `place` says which of how many it is."""
    screen.print()
    screen.print(Rule(Text(f"{place}{story.name}", "bold"), align="left"))
    screen.print(Text(f"{story.title}.", "italic"))


def show(told: Told, screen: Console) -> None:
    """Print how a story went."""
    for number, chapter in enumerate(told.chapters, start=1):
        if len(told.chapters) > 1:
            screen.print(Text(f"\nApplication {number} of {len(told.chapters)}", "bold"))
        screen.print(_chapter(chapter))
    screen.print(_ending(told))


def as_line(told: Told) -> dict[str, Any]:
    """One story for programs; a story that went otherwise has the reason in `outcome`."""
    first, *later = [_facts(chapter) for chapter in told.chapters] or [_facts(None)]
    line: dict[str, Any] = {
        "story": told.story.name,
        **first,
        "outcome": told.story.outcome if told.problem is None else f"not as told: {told.problem}",
        "seconds": round(told.seconds, 2),
    }
    return {**line, "reapplied": later[0]} if later else line


def _facts(chapter: Chapter | None) -> dict[str, Any]:
    if chapter is None:
        nothing: dict[str, Any] = {"application_id": None, "acceptance_no": None, "events": []}
        return {**nothing, "messages": [], "due_on": None}
    kept = ("channel", "template", "state")
    return {
        "application_id": str(chapter.receipt.application_id),
        "acceptance_no": chapter.receipt.acceptance_no,
        "events": chapter.types,
        "messages": [{name: message[name] for name in kept} for message in chapter.messages],
        "due_on": chapter.due_on,
    }


def _chapter(chapter: Chapter) -> Group:
    parts = (
        _heading(chapter),
        Text(),
        _deeds(chapter),
        Text(),
        _due(chapter),
        Text(),
        _texts(chapter),
        Text(),
    )
    return Group(*parts)


def _heading(chapter: Chapter) -> Lines:
    begun = named(chapter.records[0].at.astimezone(SHANGHAI).date())
    number, channel = chapter.receipt.acceptance_no, channel_name(chapter.sender)
    warnings = [
        (f"Warned at once: {warning.detail_zh} ({warning.code})", "yellow")
        for warning in chapter.receipt.warnings
    ]
    return Lines(
        (f"Number {number}, through {channel}, on {begun} (times of Shanghai)", "bold"),
        _papers(chapter),
        *warnings,
    )


def _papers(chapter: Chapter) -> tuple[str, str]:
    handed_in = [
        f"{material.kind.replace('_', ' ')} ({FORMS[material.content_type]}, {material.size // 1024 or 1} kB)"
        for record in chapter.records
        if record.topic == APPLICATIONS and isinstance(record.event, ApplicationSubmitted | MaterialSupplied)
        for material in record.event.materials
    ]
    return f"Papers: {', '.join(handed_in)}", ""


def _deeds(chapter: Chapter) -> Table:
    table = _table()
    table.add_column("when", no_wrap=True)
    table.add_column("who", ratio=1)
    table.add_column("did what", ratio=3)
    for record in chapter.records:
        deed = tell(record, chapter)
        at = record.at.astimezone(SHANGHAI)
        where = f"{record.type}, {record.place}"
        table.add_row(
            f"{at:%H:%M:%S}.{at.microsecond // 100_000}",
            Lines((deed.who, _colour(deed.who))),
            Lines((deed.what, ""), (where, QUIET)),
        )
    return table


def _due(chapter: Chapter) -> Lines:
    due = named(date.fromisoformat(chapter.due_on))
    return Lines((f"The decision is due by {due}.", "bold"), (explain(chapter.deadline), ""))


def _texts(chapter: Chapter) -> Table:
    table = _table()
    table.add_column("sent to", no_wrap=True)
    table.add_column("these words", ratio=1)
    taken = {text["reference"]: text for text in chapter.texts}
    shown = {message["message_id"]: message for message in chapter.inbox}
    for message in chapter.messages:
        identity = message["message_id"]
        if identity in taken:
            table.add_row(*_sms(message, taken[identity]))
        elif identity in shown:
            table.add_row(*_inbox(shown[identity], chapter.in_english))
    return table


def _sms(message: Answer, taken: Answer) -> tuple[Lines, Lines]:
    parts = "1 part" if message["segments"] == 1 else f"{message['segments']} parts"
    note = f"{message['state']}, {parts}"
    return Lines((f"SMS {taken['phone']}", COLOURS["SMS"]), (note, QUIET)), Lines((taken["text"], ""))


def _inbox(shown: Answer, in_english: dict[str, str]) -> tuple[Lines, Lines]:
    words = [(shown["title"], "bold"), (shown["text"], "")]
    english = in_english.get(shown["template"])
    meaning = [(f"In English: {english}", QUIET)] if english else []
    return Lines(("Inbox", COLOURS["Inbox"])), Lines(*words, *meaning)


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), expand=True)


def _colour(who: str) -> str:
    return COLOURS.get(who, "green" if who.endswith("applicant") else "yellow")


def _ending(told: Told) -> Text:
    if told.problem is not None:
        return Text(f"NOT AS TOLD after {told.seconds:.1f} s: {told.problem}", "bold red")
    return Text(f"Ended as told in {told.seconds:.1f} s: {told.story.outcome}.", "bold green")
