"""The table of what was asked for and where it is names every row once, and nothing that is not there."""

import ast
from collections import Counter
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import pytest

from services.catalog.app import POLICIES
from services.catalog.domain.places import File, find
from tests.support.policy_paths import SHOWN, found

ROOT = Path(__file__).parents[2]
TABLE = (ROOT / "services/catalog/COVERAGE.md").read_text(encoding="utf-8")
ASKED_FOR = [
    *(f"F-P{n:02}" for n in range(1, 57)),
    *("F-S01", "F-S02", "F-S02b"),
    *(f"F-S{n:02}" for n in range(3, 25)),
    *(f"F-X{n:02}" for n in range(1, 17)),
]
UNDER = {"jiangxi": ["shangrao"], "sichuan": ["panzhihua"]}
OPEN = "not yet: "


class Row(NamedTuple):
    name: str
    what: str
    places: tuple[str, ...]
    proofs: tuple[str, ...]


def cells(line: str) -> Row:
    name, what, places, proofs = (cell.strip() for cell in line.strip("|").split(" | "))
    return Row(name, what, parts(places), parts(proofs))


def parts(cell: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("`") for part in cell.split("<br>"))


ROWS = [cells(line) for line in TABLE.splitlines() if line.startswith("| F-")]
PLACES = [(row.name, place) for row in ROWS for place in row.places]
TESTS = [(row.name, proof) for row in ROWS for proof in row.proofs if not proof.startswith(OPEN)]


@lru_cache
def functions(path: str) -> frozenset[str]:
    tree = ast.parse((ROOT / path).read_text(encoding="utf-8"))
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    return frozenset(node.name for node in ast.walk(tree) if isinstance(node, kinds))


def regions_of(path: str) -> list[str]:
    """The regions that a policy file reaches."""
    name = Path(path).stem
    return [name] if name in SHOWN else UNDER.get(name, list(SHOWN))


def test_every_row_is_there_once() -> None:
    assert Counter(row.name for row in ROWS) == Counter(ASKED_FOR)


def test_every_row_says_what_it_is_and_has_a_place_and_a_proof_or_says_what_is_missing() -> None:
    assert [row.name for row in ROWS if not (row.what and all(row.places) and all(row.proofs))] == []


@pytest.mark.parametrize(("row", "place"), PLACES)
def test_every_place_is_there(row: str, place: str) -> None:
    path, colon, key = place.partition(":")
    if not colon:
        assert (ROOT / path).is_file(), row
        return
    steps = key.split(".")
    written = find(File(path, (POLICIES / path).read_text(encoding="utf-8")), steps)
    for region in regions_of(path):
        assert found(region, key), f"{row}: {region} has no {key}"
    assert written.depth == len(steps), f"{row}: {path} does not say {key} itself"


@pytest.mark.parametrize(("row", "proof"), TESTS)
def test_every_proof_is_a_test_that_is_there(row: str, proof: str) -> None:
    path, _, name = proof.partition("::")
    assert name.startswith("test_"), row
    assert name in functions(path), f"{row}: {path} has no {name}"


def test_what_is_not_done_says_so_in_words() -> None:
    for row in ROWS:
        for proof in row.proofs:
            assert proof.startswith(("tests/", OPEN)), row.name
