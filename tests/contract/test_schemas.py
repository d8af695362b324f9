"""The committed schemas are what the contracts say, and what they promise to readers."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from deploy.contracts import files
from deploy.contracts.__main__ import main
from deploy.contracts.schemas import closed, is_strict, opened, published, register, schema_of
from shared.contracts.base import Event
from shared.contracts.topics import EVENTS

KINDS = published()


def test_every_generated_file_is_what_the_contracts_say(capsys):
    assert main(["check"]) == 0, capsys.readouterr().out


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.type)
def test_a_schema_is_a_valid_schema(kind):
    Draft202012Validator.check_schema(schema_of(kind))


@pytest.mark.parametrize("kind", EVENTS, ids=lambda kind: kind.type)
def test_a_reader_of_an_event_may_meet_fields_it_does_not_know(kind):
    assert not any(_refuses_unknown_fields(part) for part in _objects(schema_of(kind)))


def test_what_comes_from_outside_is_taken_strictly():
    (offered,) = [kind for kind in KINDS if is_strict(kind)]
    assert all(_refuses_unknown_fields(part) for part in _objects(schema_of(offered)))


def test_closing_a_schema_undoes_opening_it():
    for kind in KINDS:
        written = kind.model_json_schema()
        assert closed(opened(written)) == written


def test_every_event_says_in_one_sentence_what_happened():
    assert [kind.type for kind in EVENTS if not (kind.__doc__ or "").strip()] == []


def test_a_type_is_kebab_case_and_stands_for_one_class():
    types = [kind.type for kind in KINDS]
    assert len(types) == len(set(types))
    assert [name for name in types if name != name.lower() or "_" in name or " " in name] == []


def test_no_event_class_is_missing_from_the_register():
    assert {kind.type for kind in _leaves(Event)} == {kind.type for kind in EVENTS}


def test_the_register_is_committed_as_data():
    assert json.loads((files.SCHEMAS / files.TOPICS).read_text()) == register()


def _objects(part: Any) -> Iterator[dict[str, Any]]:
    if isinstance(part, dict):
        if part.get("type") == "object":
            yield part
        part = list(part.values())
    if isinstance(part, list):
        for inner in part:
            yield from _objects(inner)


def _refuses_unknown_fields(part: dict[str, Any]) -> bool:
    return part.get("additionalProperties") is False


def _leaves(kind: type[Event]) -> Iterator[type[Event]]:
    for below in kind.__subclasses__():
        if below.__module__.startswith("shared.contracts") and "type" in vars(below):
            yield below
        yield from _leaves(below)
