"""The committed examples: true to their schemas, readable by today's classes, and about nobody real."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from pydantic import ValidationError

from deploy.contracts import files
from deploy.contracts.schemas import PRIVATE_SUFFIX, closed, is_strict, private_name, published
from services.intake.domain.identity import CHECK_CHARACTERS, WEIGHTS
from services.intake.domain.numbering import read_acceptance_no
from shared.contracts.base import Event, Private, SealedEvent
from shared.contracts.submissions import SubmissionOffered
from shared.outbox import body
from shared.sealing import Algorithm, DataKey, box_text, seal, unseal_json
from tests.support.samples import NOON

KINDS = {kind.type: kind for kind in published()}
PRIVATE = {private_name(kind): kind.private_kind for kind in published() if issubclass(kind, SealedEvent)}
KEY = DataKey.fresh(Algorithm.A256GCM)
EXAMPLES = sorted((files.CONTRACTS / "examples").rglob("*.json"))
CURRENT = [
    path
    for path in EXAMPLES
    if int(path.parent.name) == KINDS[path.parent.parent.name.removesuffix(PRIVATE_SUFFIX)].version
]

every_example = pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: "/".join(path.parts[-3:]))
every_current_example = pytest.mark.parametrize("path", CURRENT, ids=lambda path: "/".join(path.parts[-3:]))


def test_every_type_and_version_has_an_example():
    schemas = {(path.parent.name, path.stem) for path in files.SCHEMAS.glob("*/*.json")}
    assert {(path.parent.parent.name, path.parent.name) for path in EXAMPLES} == schemas


@every_example
def test_an_example_fits_its_schema_without_a_field_more(path):
    schema = json.loads((files.SCHEMAS / _type(path) / f"{path.parent.name}.json").read_text())
    Draft202012Validator(closed(schema), format_checker=FormatChecker()).validate(_value(path))


@every_example
def test_todays_reader_takes_an_example_of_any_version(path):
    assert _read(path, path.read_bytes()) is not None


@every_current_example
def test_an_example_is_published_as_it_stands(path):
    value = _read(path, path.read_bytes())
    assert json.loads(_written(value)) == _value(path)


@every_current_example
def test_a_reader_ignores_fields_it_does_not_know_at_every_level(path):
    grown = json.dumps(_grown(_value(path))).encode()
    if _type(path) in KINDS and is_strict(KINDS[_type(path)]):
        with pytest.raises(ValidationError):
            _read(path, grown)
    else:
        assert _read(path, grown) == _read(path, path.read_bytes())


@every_example
def test_an_example_is_about_nobody(path):
    text = path.read_text()
    for number in re.findall(r'"id_number": "(\w+)"', text):
        assert number.startswith("99"), "only regions that do not exist"
        total = sum(int(digit) * weight for digit, weight in zip(number[:17], WEIGHTS, strict=True))
        assert number[17] == CHECK_CHARACTERS[total % 11]
    for phone in re.findall(r'"phone": "(\w+)"', text):
        assert re.fullmatch(r"1990000\d{4}", phone)
    for number in re.findall(r'"acceptance_no": "(\w+)"', text):
        assert read_acceptance_no(number) == number


@pytest.mark.parametrize("name", PRIVATE)
def test_nothing_that_is_sealed_stands_open_beside_its_box(name):
    for path in (files.CONTRACTS / "examples" / name).rglob("*.json"):
        told = (
            path.parents[2] / name.removesuffix(PRIVATE_SUFFIX) / path.parent.name / path.name
        ).read_text()
        assert [text for text in _texts(_value(path)) if len(text) > 2 and text in told] == []


@every_example
def test_free_text_for_persons_is_chinese(path):
    for name in ("detail_zh", "opinion", "remedy", "text"):
        for text in re.findall(rf'"{name}": "([^"]+)"', path.read_text()):
            assert re.search(r"[\u4e00-\u9fff]", text)


def _type(path: Path) -> str:
    return path.parent.parent.name


def _value(path: Path) -> Any:
    return json.loads(path.read_text())


def _read(path: Path, raw: bytes) -> Event | SubmissionOffered | Private:
    if _type(path) in PRIVATE:
        return unseal_json(KEY, box_text(seal(KEY, raw, b"")), b"", PRIVATE[_type(path)])
    kind = KINDS[_type(path)]
    if not issubclass(kind, Event):
        return kind.model_validate_json(raw)
    return kind.read_tombstone(str(UUID(int=1)), NOON) if kind.is_tombstone else kind.read(raw)


def _written(value: Event | SubmissionOffered | Private) -> bytes:
    if isinstance(value, Event) and not value.is_state:
        return body(value) or b"null"
    return value.model_dump_json(exclude_none=not isinstance(value, Private)).encode()


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for part in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(part)


def _grown(value: Any) -> Any:
    """The same value as a later version may write it: one more field in every object."""
    if isinstance(value, list):
        return [_grown(part) for part in value]
    if isinstance(value, dict):
        return {**{name: _grown(part) for name, part in value.items()}, "of_a_later_version": {"x": 1}}
    return value
