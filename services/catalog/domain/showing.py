"""What the reading side shows: plain values or values with sources, and the search for a disease; pure."""

import unicodedata
from collections.abc import Sequence

from pydantic import BaseModel

from services.catalog.domain.layering import Json
from shared.contracts.diseases import Disease


def with_sources(part: BaseModel) -> Json:
    """Show every value with source, grade, origin, note and conflicting claims."""
    return part.model_dump(mode="json", exclude_none=True)


def plain(shown: Json) -> Json:
    """Show the values alone; what is unknown is null.

    Beside them `unverified` names the values of grade R, which are never told as facts, and `disputed` those
    that another source contradicts.
    """
    if isinstance(shown, list):
        return [plain(one) for one in shown]
    if not isinstance(shown, dict):
        return shown
    if _is_sourced(shown):
        return plain(shown.get("v"))
    sourced = {name: value for name, value in shown.items() if isinstance(value, dict) and _is_sourced(value)}
    marks = {
        "unverified": [name for name, value in sourced.items() if value["grade"] == "R" and "v" in value],
        "disputed": [name for name, value in sourced.items() if value.get("conflict")],
    }
    values = {name: plain(value) for name, value in shown.items()}
    return values | {name: found for name, found in marks.items() if found}


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


def _is_sourced(shown: dict[str, Json]) -> bool:
    return "src" in shown and "grade" in shown and ("v" in shown or "unknown" in shown)
