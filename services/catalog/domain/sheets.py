"""Policy files read one by one: a layer of policies or the calendar of a year, or why not; pure."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from services.catalog.domain.layering import Json, doubles, spell_out
from services.catalog.domain.places import File, parse
from services.catalog.domain.reasons import errors_in, reasons, unreadable, validated
from shared.contracts.calendars import CalendarDocument
from shared.contracts.policies import RegionPolicy
from shared.contracts.sourced import Layer, SourceTitle
from shared.contracts.standards import Standard

NATIONAL = "national"
ABOUT_THE_FILE = {"layer", "key", "under", "effective_from", "sources", "vectors"}
OF_A_PART = {"missing", "too_short"}
"""What is wrong with a layer only because it is a part; a list whose items all fail counts as too short."""


@dataclass(frozen=True, slots=True, eq=False)
class Sheet:
    """One policy file: `key` is `national`, `province:…`, `region:…` or `calendar:…`.

    `values` are spelled out with their sources; `under` is the key of the layer below a region's own, if
    there is one besides the national layer; `vectors` are the examples that the file must get right.
    """

    key: str
    file: File
    values: Mapping[str, Json]
    effective_from: date
    under: str | None = None
    sources: Mapping[str, SourceTitle] | None = None
    vectors: tuple[Json, ...] = ()

    @property
    def kind(self) -> str:
        """What the file is: national, province, region or calendar."""
        return self.key.partition(":")[0]

    @property
    def name(self) -> str:
        """Which province, region or year it is about; empty for the national layer."""
        return self.key.partition(":")[2]


def read_sheet(file: File) -> Sheet:
    """Read a policy file; Unreadable with file, line, place and every reason."""
    written = _mapping(file)
    key = _key(file, written)
    if key.startswith("calendar:"):
        return _calendar(file, key, written)
    layer = {"national": Layer.NATIONAL, "province": Layer.PROVINCE}.get(key.partition(":")[0], Layer.CITY)
    about = {name: value for name, value in written.items() if name not in ABOUT_THE_FILE}
    spelled: dict[str, Json] = spell_out(RegionPolicy, about, layer)
    wrong = [error for error in errors_in(RegionPolicy, spelled) if error["type"] not in OF_A_PART]
    if wrong:
        raise unreadable(reasons(wrong, spelled, [file]))
    if twice := [f"{file.name}: {double}" for double in doubles(spelled)]:
        raise unreadable(twice)
    return Sheet(
        key,
        file,
        spelled,
        _day(file, written.get("effective_from")),
        f"province:{_name(file, written['under'])}" if "under" in written else None,
        _titles(file, written.get("sources", {})),
        _list(file, "vectors", written.get("vectors", [])),
    )


def calendar_of(sheet: Sheet, version: int) -> CalendarDocument:
    """Give the calendar that a file holds, as this version."""
    return validated(CalendarDocument, {**sheet.values, "version": version}, [sheet.file])


def next_calendar(sheet: Sheet, held: Mapping[int, CalendarDocument]) -> CalendarDocument | None:
    """Give the calendar of a file as the version after the published one; None if it says the same."""
    calendar = calendar_of(sheet, 1)
    before = held.get(calendar.year)
    if before is None:
        return calendar
    if before == calendar.model_copy(update={"version": before.version}):
        return None
    return calendar.model_copy(update={"version": before.version + 1})


def standards_of(sheet: Sheet) -> list[Standard]:
    """Give the recognition standards that a layer itself holds."""
    return [validated(Standard, one, [sheet.file]) for one in sheet.values.get("standards", [])]


def _calendar(file: File, key: str, written: dict[str, Json]) -> Sheet:
    values = {name: value for name, value in written.items() if name != "vectors"}
    calendar = validated(CalendarDocument, {**values, "version": 1}, [file])
    _inside_the_year(file, calendar)
    vectors = _list(file, "vectors", written.get("vectors", []))
    return Sheet(key, file, values, calendar.announced_on, vectors=vectors)


def _inside_the_year(file: File, calendar: CalendarDocument) -> None:
    spans = [day for span in calendar.days_off for day in (span.first, span.last)]
    strangers = sorted({day for day in (*spans, *calendar.make_up_working_days) if day.year != calendar.year})
    if strangers:
        days = ", ".join(day.isoformat() for day in strangers)
        raise unreadable([f"{file.name}: days that are not in {calendar.year}: {days}"])


def _key(file: File, written: Mapping[str, Json]) -> str:
    if "year" in written:
        return f"calendar:{written['year']}"
    if "region" in written:
        return f"region:{_name(file, written['region'])}"
    if written.get("layer") == NATIONAL:
        return NATIONAL
    if written.get("layer") == "province" and "key" in written:
        return f"province:{_name(file, written['key'])}"
    told = "says neither `layer: national`, `layer: province` with a `key`, `region` nor `year`"
    raise unreadable([f"{file.name}, line 1: {told}, so nobody knows what it is about"])


def _name(file: File, written: Json) -> str:
    """A name goes into addresses and file names."""
    if not isinstance(written, str) or not re.fullmatch(r"[a-z0-9_-]{1,40}", written):
        told = "a region's or province's name is 1 to 40 of the letters a to z, digits, _ and -"
        raise unreadable([f"{file.name}, {written!r}: {told}"])
    return written


def _mapping(file: File) -> dict[str, Json]:
    try:
        written = parse(file)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise unreadable([f"{file.name}, line {line}: {error.problem}"]) from None
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        # An unquoted 2027-02-30 is a date to YAML; a number may have more digits than Python takes.
        raise unreadable([f"{file.name}: {error}"]) from None
    if not isinstance(written, dict):
        raise unreadable([f"{file.name}, line 1: is not a document of names and values"])
    return written


def _day(file: File, written: Json) -> date:
    try:
        return written if type(written) is date else date.fromisoformat(str(written))
    except ValueError:
        told = "effective_from: the day from which the file holds is missing or no day (2027-01-01)"
        raise unreadable([f"{file.name}, {told}"]) from None


def _titles(file: File, written: Json) -> dict[str, SourceTitle]:
    if not isinstance(written, dict):
        raise unreadable([f"{file.name}, sources: is not a list of short names with title and grade"])
    return {
        str(src): validated(SourceTitle, {"src": str(src)} | _as_mapping(held), [file])
        for src, held in written.items()
    }


def _as_mapping(held: Json) -> dict[str, Json]:
    return held if isinstance(held, dict) else {"title": held}


def _list(file: File, name: str, written: Any) -> tuple[Json, ...]:
    if not isinstance(written, Sequence) or isinstance(written, str):
        raise unreadable([f"{file.name}, {name}: is not a list"])
    return tuple(written)
