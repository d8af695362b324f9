"""What one version of a policy file says otherwise than another, value by value; pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from services.catalog.domain.layering import IDENTITIES, Json

LEAF = ("v", "unknown")


@dataclass(frozen=True, slots=True)
class Difference:
    """One value that changed: its path, what stood there and what stands there now; None for nothing."""

    path: str
    before: Json
    after: Json


def compare(before: Json, after: Json) -> list[Difference]:
    """List the values that differ, by path; a named item of a list is found wherever it stands."""
    old, new = dict(_values(before, "")), dict(_values(after, ""))
    paths = [*old, *(path for path in new if path not in old)]
    return [
        Difference(path, old.get(path), new.get(path)) for path in paths if old.get(path) != new.get(path)
    ]


def _values(part: Json, path: str) -> Iterator[tuple[str, Json]]:
    if isinstance(part, Mapping) and not any(name in part for name in LEAF):
        for name, value in part.items():
            yield from _values(value, f"{path}.{name}" if path else str(name))
    elif isinstance(part, list) and part and all(_name(item) for item in part):
        for item in part:
            yield from _values(item, f"{path}.{_name(item)}")
    else:
        yield path, part


def _name(item: Json) -> str | None:
    if not isinstance(item, Mapping):
        return None
    return next((str(item[name]) for name in IDENTITIES if name in item), None)
