"""Policy files read and checked: a whole document, or a refusal with file, place and reason; pure."""

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from services.catalog.domain.layering import Json, lay_over, spell_out
from services.catalog.domain.places import File, find, parse, path_of
from shared.contracts.calendars import CalendarDocument
from shared.contracts.policies import RegionPolicy
from shared.contracts.sourced import Layer, SourceTitle
from shared.errors import Unreadable

M = TypeVar("M", bound=BaseModel)
MOST_REASONS = 20

OF_A_PART = {"missing", "too_short"}
"""What is wrong with a layer only because it is a part; a list whose items all fail counts as too short."""


def read_calendar(file: File) -> CalendarDocument:
    """Read the calendar of a year; Unreadable with file, place and every reason."""
    return _validated(CalendarDocument, _mapping(file), [file])


def read_sources(file: File) -> Mapping[str, SourceTitle]:
    """Read what the short names of sources stand for; Unreadable with file, place and reason."""
    entries = _mapping(file).items()
    return {
        str(src): _validated(SourceTitle, {"src": src} | _as_mapping(held), [file]) for src, held in entries
    }


def read_policy(national: File, region: File, titles: Mapping[str, SourceTitle]) -> RegionPolicy:
    """Lay a region's file over the national one; Unreadable with file, place and every reason."""
    whole = lay_over(_layer(national, Layer.NATIONAL), _layer(region, Layer.CITY))
    named = sorted(set(_named_sources(whole)))
    strangers = [src for src in named if src not in titles]
    if strangers:
        raise _unreadable([f"{region.name}: sources that are not listed: {', '.join(strangers)}"])
    whole["sources"] = [titles[src].model_dump(mode="json") for src in named]
    return _validated(RegionPolicy, whole, [region, national])


def _layer(file: File, layer: Layer) -> dict[str, Json]:
    written = {name: value for name, value in _mapping(file).items() if name != "layer"}
    spelled: dict[str, Json] = spell_out(RegionPolicy, written, layer)
    wrong = [error for error in _errors(RegionPolicy, spelled) if error["type"] not in OF_A_PART]
    if wrong:
        raise _unreadable(_reasons(wrong, spelled, [file]))
    return spelled


def _mapping(file: File) -> dict[str, Json]:
    try:
        written = parse(file)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise _unreadable([f"{file.name}, line {line}: {error.problem}"]) from None
    except yaml.YAMLError as error:
        raise _unreadable([f"{file.name}: {error}"]) from None
    if not isinstance(written, dict):
        raise _unreadable([f"{file.name}, line 1: is not a document of names and values"])
    return written


def _as_mapping(held: Json) -> dict[str, Json]:
    return held if isinstance(held, dict) else {"title": held}


def _validated(model: type[M], written: Json, files: Sequence[File]) -> M:
    try:
        return model.model_validate_json(_json(written), strict=True)
    except ValidationError as error:
        raise _unreadable(_reasons(_plain(error), written, files)) from None


def _errors(model: type[BaseModel], written: Json) -> list[Any]:
    try:
        model.model_validate_json(_json(written), strict=True)
    except ValidationError as error:
        return _plain(error)
    return []


def _plain(error: ValidationError) -> list[Any]:
    return list(error.errors(include_url=False))


def _json(written: Json) -> str:
    return json.dumps(written, default=str)


def _reasons(errors: Sequence[Any], written: Json, files: Sequence[File]) -> list[str]:
    reasons = []
    for error in errors[:MOST_REASONS]:
        path = path_of(written, error["loc"])
        place = max((find(file, path) for file in files), key=lambda found: found.depth)
        where = ".".join(path) or "the document as a whole"
        reasons.append(f"{place.file}, line {place.line}, {where}: {error['msg']}")
    more = len(errors) - len(reasons)
    return [*reasons, f"and {more} more"] if more else reasons


def _unreadable(reasons: Sequence[str]) -> Unreadable:
    return Unreadable("policy-unreadable", "; ".join(reasons))


def _named_sources(document: Json) -> Iterator[str]:
    if isinstance(document, dict):
        if isinstance(document.get("src"), str):
            yield document["src"]
        for value in document.values():
            yield from _named_sources(value)
    elif isinstance(document, list):
        for item in document:
            yield from _named_sources(item)
