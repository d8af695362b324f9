"""Policy files spelled out and laid over each other: every plain value gets the source of its group; pure.

A file may write a value as it is; it then has the source named in `from` of the nearest mapping around
it, where `from.fields` names a source for all values of one name. A list may stand under `list` beside a
`from`.
"""

from collections.abc import Iterator
from types import NoneType, UnionType
from typing import Annotated, Any, Union, get_args, get_origin

from shared.contracts.base import Value
from shared.contracts.sourced import Layer, Provenance

Json = Any
Group = dict[str, Json]

IDENTITIES = ("code", "id", "kind", "event", "part")
"""The fields by which items of a list are the same in two layers."""


def spell_out(kind: Any, written: Json, layer: Layer) -> Json:
    """Write out the source of every value of a file that describes a `kind`, in whole or in part."""
    return _spell(kind, written, {"origin": layer.value})


def lay_over(lower: Json, upper: Json) -> Json:
    """Lay a layer over a lower one: values replace values, mappings and named items are joined."""
    if isinstance(lower, dict) and isinstance(upper, dict) and not (_is_leaf(lower) or _is_leaf(upper)):
        joined = {
            name: lay_over(lower[name], value) if name in lower else value for name, value in upper.items()
        }
        return lower | joined
    if isinstance(lower, list) and isinstance(upper, list):
        return _join_items(lower, upper)
    return upper


def doubles(part: Json, path: str = "") -> Iterator[str]:
    """Name the lists of a layer in which one code, id, kind, event or part stands twice."""
    if isinstance(part, dict):
        for name, value in part.items():
            yield from doubles(value, f"{path}.{name}" if path else str(name))
    elif isinstance(part, list):
        for item in part:
            yield from doubles(item, path)
        identity = _identity(part)
        names = [str(item[identity]) for item in part] if identity else []
        yield from (f"{path} names {name} twice" for name in sorted(set(names)) if names.count(name) > 1)


def _spell(kind: Any, written: Json, group: Group) -> Json:
    kind = _inner(kind)
    if get_origin(kind) is tuple:
        return _spell_list(get_args(kind)[0], written, group)
    if not isinstance(kind, type):
        return written
    if issubclass(kind, Provenance):
        return _spell_leaf(written, group)
    if issubclass(kind, Value) and isinstance(written, dict):
        return _spell_value(kind, written, group)
    return written


def _spell_value(kind: type[Value], written: dict[str, Json], group: Group) -> Json:
    group = _narrow(group, written)
    spelled = {}
    for name, value in written.items():
        field = kind.model_fields.get(name)
        if name != "from":
            spelled[name] = _spell(field.annotation, value, _for_field(group, name)) if field else value
    return spelled


def _spell_list(item: Any, written: Json, group: Group) -> Json:
    if isinstance(written, dict) and "list" in written:
        group, written = _narrow(group, written), written["list"]
    return [_spell(item, one, group) for one in written] if isinstance(written, list) else written


def _spell_leaf(written: Json, group: Group) -> Json:
    inherited = {name: value for name, value in group.items() if name != "fields"}
    if isinstance(written, dict) and _is_leaf(written):
        note_of_other = {"note"} if "src" in written else set()
        return {name: value for name, value in inherited.items() if name not in note_of_other} | written
    return inherited | {"v": written}


def _narrow(group: Group, written: dict[str, Json]) -> Group:
    named = written.get("from")
    if not isinstance(named, dict):
        return group
    return {"origin": group["origin"]} | named


def _for_field(group: Group, name: str) -> Group:
    fields = group.get("fields")
    if not isinstance(fields, dict) or not isinstance(fields.get(name), dict):
        return group
    named: Group = fields[name]
    return {"origin": group["origin"]} | named


def _inner(kind: Any) -> Any:
    if get_origin(kind) is Annotated:
        return _inner(get_args(kind)[0])
    if get_origin(kind) in {Union, UnionType}:
        others = [arg for arg in get_args(kind) if arg is not NoneType]
        return _inner(others[0]) if len(others) == 1 else kind
    return kind


def _is_leaf(value: dict[str, Json]) -> bool:
    return "v" in value or "unknown" in value


def _join_items(lower: list[Json], upper: list[Json]) -> list[Json]:
    identity = _identity([*lower, *upper])
    if identity is None:
        return upper
    joined = {item[identity]: item for item in lower}
    for item in upper:
        held = joined.get(item[identity])
        joined[item[identity]] = lay_over(held, item) if held else item
    return list(joined.values())


def _identity(items: list[Json]) -> str | None:
    return next((name for name in IDENTITIES if all(_has(item, name) for item in items)), None)


def _has(item: Json, name: str) -> bool:
    return isinstance(item, dict) and name in item
