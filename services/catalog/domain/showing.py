"""What the reading side shows: plain values or values with sources, and what was sought; pure."""

from collections.abc import Sequence

from pydantic import BaseModel

from services.catalog.domain.layering import Json
from services.catalog.domain.searching import SearchIndex
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
    """Find diseases by code, name, everyday name or pinyin, best first; an empty query finds all."""
    return SearchIndex.of(diseases).find(query)


def _is_sourced(shown: dict[str, Json]) -> bool:
    return "src" in shown and "grade" in shown and ("v" in shown or "unknown" in shown)
