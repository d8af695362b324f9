"""What the reading side shows: plain values or values with sources, and what was sought; pure."""

from collections.abc import Iterator, Sequence
from typing import Any

from pydantic import BaseModel

from services.catalog.domain.layering import IDENTITIES, Json
from services.catalog.domain.searching import SearchIndex
from shared.contracts.diseases import Disease
from shared.contracts.sourced import Provenance


def with_sources(part: BaseModel) -> Json:
    """Show every value with source, grade, origin, note and conflicting claims."""
    return part.model_dump(mode="json", exclude_none=True)


def plain(shown: Json) -> Json:
    """Show the values alone; what is unknown is null.

    Beside them `unverified` names the values of grade R, which are never told as facts, `disputed` those that
    another source contradicts, and `notes` holds what must be known of a value.
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
    notes = {name: value["note"] for name, value in sourced.items() if value.get("note")}
    values = {name: plain(value) for name, value in shown.items()}
    return values | {name: found for name, found in {**marks, "notes": notes}.items() if found}


def sourced_values(part: Any, path: str = "") -> Iterator[tuple[str, Provenance]]:
    """Give every value of a document that has a source, with its path."""
    if isinstance(part, Provenance):
        yield path, part
    elif isinstance(part, tuple):
        for place, item in enumerate(part):
            yield from sourced_values(item, f"{path}.{_name(item) or place}")
    elif isinstance(part, BaseModel):
        for name in type(part).model_fields:
            yield from sourced_values(getattr(part, name), f"{path}.{name}" if path else name)


def find_diseases(diseases: Sequence[Disease], query: str) -> list[Disease]:
    """Find diseases by code, name, everyday name or pinyin, best first; an empty query finds all."""
    return SearchIndex.of(diseases).find(query)


def _name(item: Any) -> str | None:
    return next((str(getattr(item, name)) for name in IDENTITIES if hasattr(item, name)), None)


def _is_sourced(shown: dict[str, Json]) -> bool:
    return "src" in shown and "grade" in shown and ("v" in shown or "unknown" in shown)
