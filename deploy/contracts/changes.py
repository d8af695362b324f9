"""What changed between two JSON Schemas, place by place, and what each change does to old and new readers."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import IntEnum
from itertools import chain
from typing import Any

from deploy.contracts.schemas import Schema


class Effect(IntEnum):
    """What a change asks of those who deploy it."""

    ANY_ORDER = 0
    READERS_FIRST = 1
    BREAKS = 2


@dataclass(frozen=True, slots=True)
class Change:
    """One change at one place, in a clause that follows the place's name."""

    place: str
    what: str
    effect: Effect


@dataclass(frozen=True, slots=True)
class Side:
    """A part of a schema and the definitions its references point to."""

    part: Schema
    definitions: Mapping[str, Schema]

    @classmethod
    def of(cls, schema: Schema) -> "Side":
        """The whole of a schema."""
        return cls(schema, schema.get("$defs", {})).resolved()

    def at(self, part: Schema) -> "Side":
        """A part below this one."""
        return Side(part, self.definitions).resolved()

    def resolved(self) -> "Side":
        """The same place with what its reference points to."""
        part = self.part
        while "$ref" in part:
            beside = {name: value for name, value in part.items() if name != "$ref"}
            part = {**self.definitions[part["$ref"].rsplit("/", 1)[-1]], **beside}
        return Side(part, self.definitions)


LOWER_BOUNDS = ("minLength", "minimum", "exclusiveMinimum", "minItems", "minProperties")
UPPER_BOUNDS = ("maxLength", "maximum", "exclusiveMaximum", "maxItems", "maxProperties")
TOLD_ELSEWHERE = frozenset(
    {"$schema", "$defs", "title", "description", "type", "anyOf", "enum", "const", "properties", "required"}
    | {"items", "additionalProperties", "default", *LOWER_BOUNDS, *UPPER_BOUNDS}
)
KEPT_FOR_EVER = "records that are already written hold it"


def changes(old: Schema, new: Schema) -> list[Change]:
    """Every change from one schema to the other; none if they differ in titles and descriptions only."""
    return list(_compare(Side.of(old), Side.of(new), ""))


def _compare(old: Side, new: Side, place: str) -> Iterator[Change]:
    old, new, nullable = _without_null(old, new, place)
    yield from nullable
    before, after = _kinds(old), _kinds(new)
    if lost := before - after:
        was, is_ = _joined(lost), _joined(after)
        yield Change(place, f"changed its type from {was} to {is_}: {KEPT_FOR_EVER} as {was}", Effect.BREAKS)
        return
    if gained := after - before:
        yield Change(place, f"may now also be {_joined(gained)}", Effect.READERS_FIRST)
        return
    for part in (_values, _bounds, _default, _fields, _unknown_fields, _items, _other):
        yield from part(old, new, place)


def _without_null(old: Side, new: Side, place: str) -> tuple[Side, Side, list[Change]]:
    before, after = _takes_null(old), _takes_null(new)
    told = []
    if before and not after:
        told.append(Change(place, "may no longer be null: a record may hold null", Effect.BREAKS))
    if after and not before:
        told.append(Change(place, "may now be null", Effect.READERS_FIRST))
    return _bare(old), _bare(new), told


def _takes_null(side: Side) -> bool:
    return any(part.get("type") == "null" for part in side.part.get("anyOf", []))


def _bare(side: Side) -> Side:
    parts = [part for part in side.part.get("anyOf", []) if part.get("type") != "null"]
    if len(parts) != 1:
        return side
    beside = {name: value for name, value in side.part.items() if name != "anyOf"}
    return side.at({**parts[0], **beside})


def _kinds(side: Side) -> frozenset[str]:
    alternatives = side.part.get("anyOf")
    if alternatives is None:
        return frozenset({str(side.part.get("type", "anything"))})
    return frozenset().union(*(_kinds(side.at(part)) for part in alternatives)) - {"null"}


def _joined(kinds: frozenset[str]) -> str:
    return " or ".join(sorted(kinds))


def _values(old: Side, new: Side, place: str) -> Iterator[Change]:
    before, after = _listed(old), _listed(new)
    if before is None and after is None:
        return
    if before is None:
        yield Change(place, "is now limited to listed values: records may hold others", Effect.BREAKS)
    elif after is None:
        yield Change(place, "is no longer limited to listed values", Effect.READERS_FIRST)
    else:
        for value in [value for value in before if value not in after]:
            yield Change(place, f"lost the value {value!r}: {KEPT_FOR_EVER}", Effect.BREAKS)
        for value in [value for value in after if value not in before]:
            yield Change(place, f"may now also be {value!r}", Effect.READERS_FIRST)


def _listed(side: Side) -> list[Any] | None:
    listed: list[Any] | None = side.part.get("enum")
    return [side.part["const"]] if "const" in side.part else listed


def _bounds(old: Side, new: Side, place: str) -> Iterator[Change]:
    for name in (*LOWER_BOUNDS, *UPPER_BOUNDS):
        before, after = old.part.get(name), new.part.get(name)
        if before == after:
            continue
        open_end = float("-inf") if name in LOWER_BOUNDS else float("inf")
        low, high = (open_end if bound is None else bound for bound in (before, after))
        narrower = high > low if name in LOWER_BOUNDS else high < low
        told = f"has {name} {after} instead of {before}"
        if narrower:
            yield Change(place, f"{told}: records may lie outside", Effect.BREAKS)
        else:
            yield Change(place, told, Effect.READERS_FIRST)


def _default(old: Side, new: Side, place: str) -> Iterator[Change]:
    if "default" in old.part and "default" in new.part and old.part["default"] != new.part["default"]:
        was, is_ = old.part["default"], new.part["default"]
        yield Change(
            place,
            f"has the default {is_!r} instead of {was!r}: records without it would change their meaning",
            Effect.BREAKS,
        )


def _fields(old: Side, new: Side, place: str) -> Iterator[Change]:
    before, after = old.part.get("properties", {}), new.part.get("properties", {})
    needed, needs = set(old.part.get("required", [])), set(new.part.get("required", []))
    for name in before.keys() - after.keys():
        yield Change(_below(place, name), f"was removed: {KEPT_FOR_EVER}", Effect.BREAKS)
    for name in [name for name in after if name not in before]:
        yield _added(_below(place, name), name in needs, strict=_is_strict(new))
    for name in [name for name in before if name in after]:
        below = _below(place, name)
        if name in needs - needed:
            yield Change(below, "is now required: records may be without it", Effect.BREAKS)
        if name in needed - needs:
            yield Change(below, "is no longer required", Effect.READERS_FIRST)
        yield from _compare(old.at(before[name]), new.at(after[name]), below)


def _added(place: str, required: bool, *, strict: bool) -> Change:
    if required:
        what = "was added as a required field: records that are already written are without it"
        return Change(place, what, Effect.BREAKS)
    effect = Effect.READERS_FIRST if strict else Effect.ANY_ORDER
    return Change(place, "was added as an optional field", effect)


def _unknown_fields(old: Side, new: Side, place: str) -> Iterator[Change]:
    if _is_strict(new) and not _is_strict(old):
        yield Change(place, "no longer takes fields it does not know", Effect.BREAKS)
    if _is_strict(old) and not _is_strict(new):
        yield Change(place, "now takes fields it does not know", Effect.READERS_FIRST)


def _is_strict(side: Side) -> bool:
    return side.part.get("additionalProperties") is False


def _items(old: Side, new: Side, place: str) -> Iterator[Change]:
    if "items" in old.part and "items" in new.part:
        yield from _compare(old.at(old.part["items"]), new.at(new.part["items"]), f"{place}[]")
    elif ("items" in old.part) != ("items" in new.part):
        yield Change(place, "changed what it is a list of", Effect.BREAKS)


def _other(old: Side, new: Side, place: str) -> Iterator[Change]:
    for name in sorted({*chain(old.part, new.part)} - TOLD_ELSEWHERE):
        before, after = old.part.get(name), new.part.get(name)
        if before == after:
            continue
        if after is None:
            yield Change(place, f"lost its {name} {before!r}", Effect.READERS_FIRST)
        else:
            told = f"has {name} {after!r} instead of {before!r}: records may not fit it"
            yield Change(place, told, Effect.BREAKS)


def _below(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
