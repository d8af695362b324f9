"""A due date in words: which working day it is after which day, and which days in between did not count."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import groupby

from deploy.demo.clients import Answer

NOT_COUNTED = {
    "weekend": "weekend",
    "holiday": "holiday",
    "paused": "waiting for material",
    "stopped": "decided",
}
MAKE_UP = "make_up_day"
START = "start_day"


def explain(account: Answer) -> str:
    """Sum up the account that review gives of a deadline, day by day, in two sentences."""
    days = account["days"]
    begun = date.fromisoformat(days[0]["day"])
    first = f"Working day {account['budget_working_days']} after {named(begun)} is the last."
    sentences = [first, _idle(days), _made_up(days)]
    if account["provisional"]:
        years = ", ".join(str(year) for year in account["missing_years"])
        sentences.append(f"The holidays of {years} are not announced yet, so the day may move.")
    return " ".join(sentence for sentence in sentences if sentence)


def named(day: date) -> str:
    """A day as people write it: Sun 22 Nov 2026."""
    return f"{day:%a} {day.day} {day:%b %Y}"


def _idle(days: Sequence[Answer]) -> str:
    stretches = [
        _stretch(list(together), reason, text)
        for (counted, reason, text), together in groupby(days, key=_kind)
        if not counted and reason != START
    ]
    return f"These days did not count: {', '.join(stretches)}." if stretches else ""


def _made_up(days: Sequence[Answer]) -> str:
    worked = [named(date.fromisoformat(day["day"])) for day in days if day["reason"] == MAKE_UP]
    return f"Weekend days that were worked and count: {', '.join(worked)}." if worked else ""


def _kind(day: Answer) -> tuple[bool, str, str]:
    return day["counted"], day["reason"], day["text"]


def _stretch(together: Sequence[Answer], reason: str, text: str) -> str:
    first, last = (date.fromisoformat(day["day"]) for day in (together[0], together[-1]))
    why = NOT_COUNTED.get(reason, reason)
    if reason == "holiday":
        why = f"{why} {text}"
    return f"{_short(first)} ({why})" if first == last else f"{_short(first)} – {_short(last)} ({why})"


def _short(day: date) -> str:
    return f"{day:%a} {day.day} {day:%b}"
