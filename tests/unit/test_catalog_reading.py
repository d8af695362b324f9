"""A policy file that is not sound is refused with file, place and reason, and nothing else happens to it."""

import re
from datetime import date
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.catalog.app import POLICIES
from services.catalog.domain.composing import compose
from services.catalog.domain.places import File
from services.catalog.domain.sheets import read_sheet
from shared.contracts.policies import RegionPolicy
from shared.errors import Unreadable


def file(path: str) -> File:
    return File(Path(path).name, (POLICIES / path).read_text(encoding="utf-8"))


NATIONAL, SICHUAN = file("national.yaml"), file("provinces/sichuan.yaml")
PANZHIHUA, YEAR = file("regions/panzhihua.yaml"), file("calendars/2026.yaml")
FROM = date(2025, 1, 1)


def read(region: str = PANZHIHUA.text, national: str = NATIONAL.text) -> RegionPolicy:
    files = [File("national.yaml", national), SICHUAN, File("panzhihua.yaml", region)]
    return compose([read_sheet(one) for one in files], 1, FROM)


def line_of(text: str, part: str) -> int:
    return 1 + text[: text.index(part)].count("\n")


@pytest.mark.parametrize(
    ("part", "instead", "place", "reason"),
    [
        (
            "sla_working_days: {v: 15",
            "sla_working_days: {v: fifteen",
            "deadlines.sla_working_days.v",
            "valid integer",
        ),
        (
            "sla_working_days: {v: 15",
            "sla_working_days: {v: true",
            "deadlines.sla_working_days.v",
            "valid integer",
        ),
        (
            "clock_start: {v: acceptance",
            "clock_start: {v: someday",
            "deadlines.clock_start.v",
            "'acceptance'",
        ),
        ("code: PZH-003", "cod: PZH-003", "diseases.2.cod", "not permitted"),
        ("    name: 恶性肿瘤", "    nam: 恶性肿瘤", "diseases.PZH-003.nam", "not permitted"),
    ],
)
def test_a_wrong_value_is_named_by_file_line_and_place(
    part: str, instead: str, place: str, reason: str
) -> None:
    text = PANZHIHUA.text.replace(part, instead)
    with pytest.raises(Unreadable) as refused:
        read(text)
    assert f"panzhihua.yaml, line {line_of(text, instead.strip())}, {place}" in refused.value.detail
    assert reason in refused.value.detail


def test_a_value_without_source_is_refused() -> None:
    without = PANZHIHUA.text.replace("  src: articleP\n", "", 1)
    with pytest.raises(Unreadable, match=r"panzhihua\.yaml, line \d+, name\.src: Field required"):
        read(without)


def test_a_missing_value_is_named() -> None:
    text = "\n".join(line for line in PANZHIHUA.text.split("\n") if not line.startswith("hotline"))
    with pytest.raises(Unreadable, match=r"panzhihua\.yaml, line 1, hotline: Field required"):
        read(text)


def test_an_error_in_the_national_file_names_that_file() -> None:
    text = NATIONAL.text.replace("max_times: 1", "max_times: one")
    with pytest.raises(Unreadable) as refused:
        read(national=text)
    line = line_of(text, "max_times: one")
    assert refused.value.detail.startswith(f"national.yaml, line {line}, deadlines.extension.max_times.v")


def test_a_value_both_known_and_unknown_is_refused() -> None:
    with pytest.raises(Unreadable, match=r"disease_class.*either a value or"):
        read(
            PANZHIHUA.text.replace(
                "disease_class: {unknown: true}", "disease_class: {v: I, unknown: true}", 1
            )
        )


def test_a_name_that_stands_twice_is_refused() -> None:
    text = PANZHIHUA.text + "\nname: 攀枝花\n"
    with pytest.raises(
        Unreadable, match=rf"panzhihua\.yaml, line {line_of(text, 'name: 攀枝花' + chr(10))}: name stands"
    ):
        read(text)


def test_broken_yaml_is_refused_with_its_line() -> None:
    with pytest.raises(Unreadable, match=r"panzhihua\.yaml, line \d+: "):
        read(PANZHIHUA.text.replace("channels:\n", "channels: [\n"))


@pytest.mark.parametrize("text", ["", "- a\n- b\n", "just words", "\x00", "? [a]\n: b\n"])
def test_a_file_that_is_no_document_is_refused(text: str) -> None:
    with pytest.raises(Unreadable, match=r"panzhihua\.yaml"):
        read(text)


def test_a_source_that_is_not_listed_is_refused() -> None:
    with pytest.raises(Unreadable, match="C-UNKNOWN"):
        read(PANZHIHUA.text.replace("src: C-PZH-GEO", "src: C-UNKNOWN"))


def test_a_rule_for_a_disease_that_is_not_there_is_refused() -> None:
    with pytest.raises(Unreadable, match="material glucose_record names unknown diseases: PZH-099"):
        read(PANZHIHUA.text.replace("diseases: [PZH-002]", "diseases: [PZH-099]"))


def test_a_disease_that_stands_twice_is_refused() -> None:
    with pytest.raises(Unreadable, match="diseases names PZH-001 twice"):
        read(PANZHIHUA.text.replace("code: PZH-002", "code: PZH-001"))


def test_a_holiday_with_an_impossible_date_is_refused() -> None:
    with pytest.raises(Unreadable, match=r"2026\.yaml, line 7, days_off\.1\.last"):
        read_sheet(File("2026.yaml", YEAR.text.replace('"2026-02-23"', '"2026-02-30"')))


def test_a_region_may_replace_a_national_wording() -> None:
    own = "rejection_reasons:\n  - {code: ARREARS, text_zh: 欠费}\n  - {code: OWN, text_zh: 本地原因}\n"
    policy = read(PANZHIHUA.text + "\n" + own)
    assert policy.rejection_reason("ARREARS").text_zh.v == "欠费"  # type: ignore[union-attr]
    assert policy.rejection_reason("OWN") is not None
    assert len(policy.rejection_reasons) == 20


LINES = PANZHIHUA.text.split("\n")


@settings(deadline=None, max_examples=40)
@given(st.integers(0, len(LINES) - 1), st.sampled_from(["drop", "double", "indent", "cut", "null"]))
def test_a_damaged_file_is_read_or_refused(place: int, damage: str) -> None:
    line = LINES[place]
    damaged = {
        "drop": [],
        "double": [line, line],
        "indent": ["  " + line],
        "cut": [line[: len(line) // 2]],
        "null": [line.split(":")[0] + ":"],
    }[damage]
    try:
        policy = read("\n".join([*LINES[:place], *damaged, *LINES[place + 1 :]]))
    except Unreadable as error:
        assert "panzhihua.yaml" in error.detail
    else:
        assert policy.region == "panzhihua"


@pytest.mark.parametrize(
    "part",
    [
        "effective_from: 2027-02-30",
        'effective_from: "2027-02-30"',
        "effective_from: 2027-01-01T10:00:00",
        "effective_from: " + "9" * 5000,
    ],
)
def test_a_day_that_is_none_is_refused(part: str) -> None:
    with pytest.raises(Unreadable, match=r"panzhihua\.yaml"):
        read(PANZHIHUA.text.replace('effective_from: "2025-01-01"', part))


@pytest.mark.parametrize("name", ["../../x", "江西", "A.b", "a b", "''", "1.5"])
def test_a_name_that_no_address_takes_is_refused(name: str) -> None:
    for text in (f"layer: province\nkey: {name}\n", f"region: {name}\n"):
        with pytest.raises(Unreadable, match="name is 1 to 40"):
            read_sheet(File("x.yaml", text + 'effective_from: "2027-01-01"\n'))


def grown(times: int, depth: int) -> str:
    """A list that repeats a list that repeats a list, and so on."""
    lines = ["a: &a [" + ", ".join(["x"] * times) + "]"]
    for before, name in pairwise("abcdefghij"[:depth]):
        lines.append(f"{name}: &{name} [{', '.join([f'*{before}'] * times)}]")
    return "\n".join(lines)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (grown(10, 8), "200,000 values"),
        ("a: &a " + "x" * 400_000 + "\nb: [" + ", ".join(["*a"] * 1000) + "]", "200,000 values"),
        ("[" * 400_000 + "]" * 400_000, "60 levels"),
        ("- " * 100_000 + "x", "60 levels"),
        ("a: &a [" + ", ".join(["*a"] * 2000) + "]", "not complete"),
        ("a: &a {x: 1}\nb: {<<: [" + ", ".join(["*a"] * 10) + "]}", "merged"),
        ("hours: {2026-01-01: x}", "plain text"),
        ("hours: {yes: x}", "plain text"),
        ("hours: {? [a]: x}", "plain text"),
    ],
)
def test_a_file_that_would_grow_or_mislead_is_refused_before_it_is_built(text: str, told: str) -> None:
    with pytest.raises(Unreadable, match=told):
        read_sheet(
            File("bomb.yaml", f'region: x\neffective_from: "2027-01-01"\n{text}' if ":" in text[:9] else text)
        )


@pytest.mark.parametrize("number", [".inf", "-.inf", ".nan"])
def test_a_threshold_that_no_value_meets_is_refused(number: str) -> None:
    text = file("provinces/jiangxi.yaml").text
    with pytest.raises(Unreadable, match="finite number"):
        read_sheet(File("jiangxi.yaml", re.sub(r"threshold: -?[0-9.]+", f"threshold: {number}", text)))


def test_a_name_that_stands_twice_in_a_list_of_a_layer_is_refused_even_if_it_would_be_laid_over() -> None:
    text = NATIONAL.text.replace("code: ARREARS", "code: DUPLICATE", 1)
    with pytest.raises(Unreadable, match="rejection_reasons names DUPLICATE twice"):
        read_sheet(File("national.yaml", text))
