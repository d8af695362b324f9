"""What the reading side shows: plain values or values with sources, and what was sought; pure."""

from collections.abc import Sequence

from pydantic import BaseModel

from services.catalog.domain.layering import Json
from services.catalog.domain.searching import SearchIndex
from shared.contracts.diseases import Disease


def with_sources(part: BaseModel) -> Json:
    """Show every value with source, grade, origin, note and conflicting claims."""
    return part.model_dump(mode="json", exclude_none=True)


def plain(part: BaseModel) -> Json:
    """Show the values alone; what is unknown is null."""
    return _strip(part.model_dump(mode="json"))


def find_diseases(diseases: Sequence[Disease], query: str) -> list[Disease]:
    """Find diseases by code, name, everyday name or pinyin, best first; an empty query finds all."""
    return SearchIndex.of(diseases).find(query)


def _strip(value: Json) -> Json:
    if isinstance(value, dict):
        if "src" in value and "grade" in value and "v" in value:
            return _strip(value["v"])
        return {name: _strip(inner) for name, inner in value.items()}
    return [_strip(inner) for inner in value] if isinstance(value, list) else value
