"""The invariants as functions: each takes what was recorded and gives a sentence for every breach."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from itertools import pairwise
from uuid import UUID

import orjson

from shared.parked import as_record
from tests.support.observing import Row, Told
from tests.support.recorder import Duel, Key, Poison, Recorder
from tests.support.working_days import is_provisional, shanghai_day, working_days_after

ACCEPTANCE_DAYS, DECISION_DAYS = 5, 15
"""Working days of Panzhihua: to accept, and from acceptance to the decision."""

READERS = {"intake.applications": ("review", "notify"), "review.cases": ("intake", "notify")}
FIRST = ""
LEGAL = {
    FIRST: {"application-submitted", "case-opened", "submission-received", "submission-refused"},
    "application-submitted": {"material-supplied", "application-withdrawn"},
    "material-supplied": {"material-supplied", "application-withdrawn"},
    "case-opened": {"application-accepted", "material-requested", "case-closed"},
    "application-accepted": {"review-forwarded", "material-requested", "case-closed"},
    "material-requested": {"review-resumed", "case-closed"},
    "review-resumed": {"application-accepted", "review-forwarded", "decision-made", "case-closed"},
    "review-forwarded": {"decision-made", "expert-opinion-given", "material-requested", "case-closed"},
    "expert-opinion-given": {"expert-opinion-given", "review-forwarded", "case-closed"},
}
WAYS = {
    "application-submitted": ("sms", "in_app"),
    "application-accepted": ("sms", "in_app"),
    "material-requested": ("sms", "in_app"),
    "decision-made": ("sms", "in_app"),
    "application-withdrawn": ("in_app",),
}


def each_acknowledged_is_one_application(recorder: Recorder, applications: Sequence[Row]) -> list[str]:
    """I1: every acknowledged submission has exactly one application and a number of its own."""
    found = Counter(_key(row) for row in applications)
    breaches = [f"I1 {key}: {found[key]} applications" for key in recorder.receipts() if found[key] != 1]
    numbers = Counter(row["acceptance_no"] for row in applications)
    return breaches + [f"I1 number {number} was given {n} times" for number, n in numbers.items() if n > 1]


def each_key_is_one_application(recorder: Recorder, applications: Sequence[Row]) -> list[str]:
    """I2: one key, one application, one answer however often it is sent; no answer means none or one."""
    breaches = []
    for key, answers in recorder.answers.items():
        told = {(a.status, _told(a.body)) for a in answers}
        if len(told) > 1:
            breaches.append(f"I2 {key} was answered differently: {sorted(told)}")
    found = Counter(_key(row) for row in applications)
    return breaches + [f"I2 {key}: {n} applications" for key, n in found.items() if n > 1]


def each_application_is_one_task(
    applications: Iterable[UUID], cases: Sequence[Row], told: Sequence[Told], received: Mapping[str, datetime]
) -> list[str]:
    """I3: one case per application and one opening of each stage; due dates as the oracle has them.

    `received` says when applications came in, by their receipts.
    """
    found = Counter(row["application_id"] for row in cases)
    breaches = [f"I3 {one}: {found[one]} cases" for one in applications if found[one] != 1]
    about_cases = [one for one in _first_copies(told) if one.topic == "review.cases"]
    opened = Counter((one.key, one.type) for one in about_cases)
    breaches += [f"I3 {key}: {n} times {kind}" for (key, kind), n in opened.items() if n > 1]
    for one in about_cases:
        if one.type == "case-opened" and one.key in received:
            due = working_days_after(shanghai_day(received[one.key]), ACCEPTANCE_DAYS)
            breaches += _wrong_date(one, "acceptance_due_on", due)
        elif one.type == "application-accepted":
            breaches += _wrong_decision_date(one)
    return breaches


def each_key_is_in_order(told: Sequence[Told]) -> list[str]:
    """I4 on the bus: per key 1, 2, 3 … by legal steps; a record that comes again is the very same one."""
    breaches, stories = [], defaultdict(list)
    copies: dict[UUID, Told] = {}
    for one in told:
        first = copies.setdefault(one.event_id, one)
        if first is one:
            stories[one.topic, one.key].append(one)
        elif (first.sequence, first.body) != (one.sequence, one.body):
            breaches.append(f"I4 {one.topic} {one.key}: two records call themselves {one.event_id}")
    for (topic, key), story in stories.items():
        numbers = [one.sequence for one in story]
        if numbers != list(range(1, len(numbers) + 1)):
            breaches.append(f"I4 {topic} {key}: sequence {numbers}")
        types = [FIRST, *(one.type for one in story)]
        if topic in READERS:
            breaches += [f"I4 {key}: {b} after {a}" for a, b in pairwise(types) if b not in LEGAL.get(a, ())]
    return breaches


def nothing_comes_twice(told: Sequence[Told]) -> list[str]:
    """I4, strictly: where no relay died, no record is on the bus twice."""
    return [f"I4 {one} came {n} times" for one, n in Counter(t.event_id for t in told).items() if n > 1]


def each_reader_has_applied_all(
    told: Sequence[Told], progress: Mapping[str, Mapping[tuple[str, str], int]]
) -> list[str]:
    """I4 at the readers: each has applied every key up to its last sequence."""
    last: dict[tuple[str, str], int] = defaultdict(int)
    for one in told:
        last[one.topic, one.key] = max(last[one.topic, one.key], one.sequence)
    return [
        f"I4 {reader} has applied {progress[reader].get((topic, key), 0)} of {sequence}: {topic} {key}"
        for (topic, key), sequence in last.items()
        for reader in READERS.get(topic, ())
        if reader in progress and progress[reader].get((topic, key), 0) != sequence
    ]


def each_case_is_decided_once(
    duels: Iterable[Duel], decisions: Sequence[Row], told: Sequence[Told]
) -> list[str]:
    """I5: of decisions at once one was taken (201), the others were refused (409) and left no trace."""
    rows = Counter(str(row["application_id"]) for row in decisions)
    stated = Counter(one.key for one in _first_copies(told) if one.type == "decision-made")
    breaches = []
    for duel in duels:
        key = str(duel.application_id)
        if sorted(duel.statuses) != [201] + [409] * (len(duel.statuses) - 1):
            breaches.append(f"I5 {key}: answered {duel.statuses}")
        if (rows[key], stated[key]) != (1, 1):
            breaches.append(f"I5 {key}: {rows[key]} decisions, {stated[key]} stated")
    return breaches


def each_message_is_told_once(
    told: Sequence[Told], messages: Sequence[Row], texts: Sequence[Row], timeouts: int = 0
) -> list[str]:
    """I6: one row per recipient, event and way; each text handed over, again only after a time-out."""
    wanted = {(one.event_id, way) for one in told for way in WAYS.get(one.type, ())}
    found = Counter((row["event_id"], row["channel"]) for row in messages)
    breaches = [f"I6 no message for {one}" for one in wanted - set(found)]
    breaches += [f"I6 {n} messages for {one}" for one, n in found.items() if n > 1 or one not in wanted]
    if not texts:
        return breaches
    ours = {str(row["message_id"]) for row in messages if row["channel"] == "sms"}
    calls = {text["reference"]: text["calls"] for text in texts if text["reference"] in ours}
    breaches += [f"I6 text {one} was never handed over" for one in ours - set(calls)]
    again = sum(n - 1 for n in calls.values())
    return breaches + ([f"I6 {again} texts were handed over again"] if again > timeouts else [])


def outbox_bus_and_readers_agree(
    outbox: Iterable[Row], told: Sequence[Told], inbox: Mapping[str, frozenset[tuple[str, UUID]]]
) -> list[str]:
    """I7: the events of the outboxes are those of the bus and those its readers have handled."""
    stated = {(row["topic"], row["event_id"]) for row in outbox}
    on_bus = {(one.topic, one.event_id) for one in told}
    breaches = [f"I7 {topic} {one} is not on the bus" for topic, one in stated - on_bus]
    breaches += [f"I7 {topic} {one} is on the bus alone" for topic, one in on_bus - stated]
    return breaches + [
        f"I7 {reader} has not handled {topic} {one}"
        for topic, one in on_bus
        for reader in READERS.get(topic, ())
        if reader in inbox and (topic, one) not in inbox[reader]
    ]


def exactly_the_poison_is_parked(poison: Sequence[Poison], parked: Mapping[str, Sequence[Row]]) -> list[str]:
    """I9: what waits to be redriven is what was put in, byte for byte, with a reason."""
    wanted = {(reader, _place(p)): p for p in poison for reader in p.readers}
    found = {
        (reader, (row["topic"], row["partition"], row["offset"])): row
        for reader, rows in parked.items()
        for row in rows
    }
    breaches = [f"I9 {wanted[one].name} is not parked by {one[0]}" for one in wanted.keys() - found.keys()]
    breaches += [f"I9 {one} is parked: {found[one]['code']}" for one in found.keys() - wanted.keys()]
    for one in wanted.keys() & found.keys():
        row, p = found[one], wanted[one]
        kept = as_record(row)
        if (kept.key, kept.value, tuple(kept.headers)) != (p.key, p.body, p.headers) or not row["reason"]:
            breaches.append(f"I9 {p.name} was not kept as it came by {one[0]}")
    return breaches


def _first_copies(told: Sequence[Told]) -> list[Told]:
    seen: set[UUID] = set()
    return [one for one in told if not (one.event_id in seen or seen.add(one.event_id))]


def _wrong_date(one: Told, name: str, due: date) -> list[str]:
    found = orjson.loads(one.body)[name]
    return [] if found == due.isoformat() else [f"I3 {one.key}: {name} is {found}, the oracle says {due}"]


def _wrong_decision_date(one: Told) -> list[str]:
    event = orjson.loads(one.body)
    start = date.fromisoformat(event["clock_started_on"])
    due = working_days_after(start, DECISION_DAYS)
    wrong = event.get("due_provisional", False) != is_provisional(start, due)
    return _wrong_date(one, "due_on", due) + ([f"I3 {one.key}: provisional or not?"] if wrong else [])


def _key(row: Row) -> Key:
    return row["channel"], row["idempotency_key"]


def _told(body: bytes) -> str:
    """An answer without what may differ between HTTP and the bus: the order of its fields."""
    return orjson.dumps(orjson.loads(body), option=orjson.OPT_SORT_KEYS).decode()


def _place(p: Poison) -> tuple[str, int, int]:
    return p.topic, p.partition, p.offset
