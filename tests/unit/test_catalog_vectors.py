"""The examples in the policy files come out, and they would fail if the file said something else."""

from datetime import date

import pytest

from services.catalog.app import POLICIES, read_sheets
from services.catalog.domain.checking import Report, check
from services.catalog.domain.composing import Edition
from services.catalog.domain.places import File
from services.catalog.domain.sheets import Sheet, calendar_of, read_sheet
from shared.contracts.calendars import CalendarDocument
from tests.unit.arrangements import VECTORS

SHEETS = {sheet.key: sheet for sheet in read_sheets()}
CALENDARS = [calendar_of(sheet, 1) for sheet in SHEETS.values() if sheet.kind == "calendar"]


def checked(sheet: Sheet, calendars: list[CalendarDocument] = CALENDARS) -> Report:
    layers = {key: [Edition(held, 1)] for key, held in SHEETS.items() if held.kind != "calendar"}
    if sheet.kind != "calendar":
        layers[sheet.key] = [Edition(sheet, 1)]
    return check(sheet, layers, calendars, date.min, lambda _: [])


def changed(path: str, part: str, instead: str) -> Sheet:
    text = (POLICIES / path).read_text(encoding="utf-8")
    assert part in text
    return read_sheet(File(path, text.replace(part, instead)))


@pytest.mark.parametrize("key", SHEETS)
def test_every_file_gets_its_own_examples_right(key: str) -> None:
    assert checked(SHEETS[key]).errors == ()


@pytest.mark.parametrize("key", ["region:panzhihua", "region:shangrao"])
def test_every_region_has_examples_of_each_kind(key: str) -> None:
    kinds = {
        kind for one in SHEETS[key].vectors for kind in ("accepted", "materials", "search") if kind in one
    }
    assert kinds == {"accepted", "materials", "search"}


@pytest.mark.parametrize(
    ("path", "part", "instead", "told"),
    [
        ("regions/panzhihua.yaml", "sla_working_days: {v: 15", "sla_working_days: {v: 16", "2026-12-14"),
        ("regions/shangrao.yaml", "sla_working_days: {v: 20", "sla_working_days: {v: 19", "2026-12-17"),
        (
            "regions/panzhihua.yaml",
            "diseases: [PZH-004, PZH-005]",
            "diseases: [PZH-005]",
            "a portrait for dialysis",
        ),
        ("regions/panzhihua.yaml", "aliases: [癌症, ", "aliases: [", "PZH-003"),
        ("regions/shangrao.yaml", "aliases: [老年痴呆, ", "aliases: [", "SRG-033"),
        ("calendars/2026.yaml", '"2026-09-20", ', "", "a make-up Sunday"),
        ("calendars/2025.yaml", 'last: "2025-10-08"', 'last: "2025-10-07"', "eight days off"),
    ],
)
def test_an_example_fails_where_the_file_says_something_else(
    path: str, part: str, instead: str, told: str
) -> None:
    errors = checked(changed(path, part, instead)).errors
    assert any(told in error for error in errors), errors


def test_every_worked_out_day_is_an_example_of_its_calendar() -> None:
    listed = {
        (one["accepted"], one["working_days"], one.get("due"))
        for key in ("calendar:2025", "calendar:2026")
        for one in SHEETS[key].vectors
    }
    wanted = {
        (accepted, days, due)
        for accepted, dues in VECTORS
        for days, due in zip((5, 15, 20), dues, strict=True)
    }
    assert wanted <= listed


def test_the_next_years_calendar_does_not_unsettle_the_examples_of_this_one() -> None:
    text = (POLICIES / "calendars/2026.yaml").read_text(encoding="utf-8")
    later = calendar_of(read_sheet(File("2027.yaml", _of_2027(text))), 1)
    assert checked(SHEETS["calendar:2026"], [*CALENDARS, later]).errors == ()


def _of_2027(text: str) -> str:
    return text.partition("\nvectors:")[0].replace("year: 2026", "year: 2027").replace('"2026-', '"2027-')
