"""Why a document cannot be read: file, line, place and reason of everything that is wrong with it; pure."""

import json
from collections.abc import Sequence
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from services.catalog.domain.layering import Json
from services.catalog.domain.places import File, find, path_of
from shared.errors import Unreadable

M = TypeVar("M", bound=BaseModel)
MOST_REASONS = 20


def validated(model: type[M], written: Json, files: Sequence[File]) -> M:
    """Read a document strictly; Unreadable with the place of everything that is wrong in one of the files."""
    try:
        return model.model_validate_json(_json(written), strict=True)
    except ValidationError as error:
        raise unreadable(reasons(_plain(error), written, files)) from None


def errors_in(model: type[BaseModel], written: Json) -> list[Any]:
    """List what is wrong with a document, as pydantic tells it."""
    try:
        model.model_validate_json(_json(written), strict=True)
    except ValidationError as error:
        return _plain(error)
    return []


def reasons(errors: Sequence[Any], written: Json, files: Sequence[File]) -> list[str]:
    """Tell errors as sentences, each with the line in the file that goes deepest into its path."""
    told = []
    for error in errors[:MOST_REASONS]:
        path = path_of(written, error["loc"])
        place = max((find(file, path) for file in files), key=lambda found: found.depth)
        where = ".".join(path) or "the document as a whole"
        told.append(f"{place.file}, line {place.line}, {where}: {error['msg']}")
    more = len(errors) - len(told)
    return [*told, f"and {more} more"] if more else told


def unreadable(told: Sequence[str]) -> Unreadable:
    """Make the error of a document that cannot be read."""
    return Unreadable("policy-unreadable", "; ".join(told))


def _plain(error: ValidationError) -> list[Any]:
    return list(error.errors(include_url=False))


def _json(written: Json) -> str:
    return json.dumps(written, default=str)
