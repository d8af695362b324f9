"""What the reading side shows: plain values or values with sources, and the search for a disease; pure."""

import unicodedata
from collections.abc import Sequence

from pydantic import BaseModel

from services.catalog.domain.layering import Json
from shared.contracts.diseases import Disease


def with_sources(part: BaseModel) -> Json:
    """Show every value with source, grade, origin, note and conflicting claims."""
    return part.model_dump(mode="json", exclude_none=True)


def plain(part: BaseModel) -> Json:
    """Show the values alone; what is unknown is null."""
    return _strip(part.model_dump(mode="json"))


def find_diseases(diseases: Sequence[Disease], query: str) -> list[Disease]:
    """Find diseases by code, name or everyday name: equal ones first, then beginnings, then parts of words.

    An empty query finds all, in the order of the catalogue.
    """
    wanted = _folded(query)
    ranked = [(_rank(disease, wanted), disease) for disease in diseases]
    return [disease for rank, disease in sorted(ranked, key=lambda pair: pair[0]) if rank < _NOT_FOUND]


_NOT_FOUND = 3


def _rank(disease: Disease, wanted: str) -> int:
    words = [_folded(word) for word in (disease.code, disease.name.v, *disease.aliases.v)]
    tests = (
        any(word == wanted for word in words),
        any(word.startswith(wanted) for word in words),
        any(wanted in word for word in words),
    )
    return tests.index(True) if any(tests) else _NOT_FOUND


def _folded(text: str) -> str:
    """Full-width and half-width, spaces and brackets make no difference to a person."""
    letters = unicodedata.normalize("NFKC", text).casefold()
    return "".join(letter for letter in letters if letter.isalnum())


def _strip(value: Json) -> Json:
    if isinstance(value, dict):
        if "src" in value and "grade" in value and "v" in value:
            return _strip(value["v"])
        return {name: _strip(inner) for name, inner in value.items()}
    return [_strip(inner) for inner in value] if isinstance(value, list) else value
