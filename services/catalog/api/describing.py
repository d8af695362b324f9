"""The shapes of answers: a contract as it is, and its twin in which every value stands alone."""

from collections.abc import Sequence
from functools import cache
from types import NoneType, UnionType
from typing import Any, Union, get_args, get_origin

from pydantic import BaseModel, create_model

from shared.contracts.base import Value
from shared.contracts.policies import RegionPolicy
from shared.contracts.sourced import MaybeKnown, Provenance

MARKS: dict[str, Any] = {
    "unverified": (list[str] | None, None),
    "disputed": (list[str] | None, None),
    "notes": (dict[str, str] | None, None),
}
"""What may stand beside plain values: see `domain/showing.py`."""


def told(kind: type[BaseModel], **more: Any) -> dict[int | str, dict[str, Any]]:
    """Describe an answer: with `sources=true` of this kind, else its twin; `more` are fields beside."""
    sourced, alone = _both(kind, more)
    return _described(sourced | alone)


def told_many(kind: type[BaseModel], **more: Any) -> dict[int | str, dict[str, Any]]:
    """Describe an answer that lists parts of a kind, as `told` does."""
    sourced, alone = _both(kind, more)
    many: Any = list
    return _described(many[sourced] | many[alone])


def part(name: str, fields: Sequence[str]) -> type[BaseModel]:
    """Give the shape of some fields of a region's policy."""
    kinds: dict[str, Any] = {
        field: (_or_none(RegionPolicy.model_fields[field].annotation), None) for field in fields
    }
    shape: type[BaseModel] = create_model(name, __base__=Value, **kinds)
    return shape


def without(kind: type[BaseModel], left_out: str) -> type[BaseModel]:
    """Give the shape of a kind of which one field is left out."""
    kinds: dict[str, Any] = {
        name: (field.annotation, field) for name, field in kind.model_fields.items() if name != left_out
    }
    shape: type[BaseModel] = create_model(f"{kind.__name__}Head", __base__=Value, **kinds)
    return shape


def _described(shape: Any) -> dict[int | str, dict[str, Any]]:
    description = "With `sources=true` every value with its source; else each value alone."
    return {200: {"model": shape, "description": description}}


def _both(kind: type[BaseModel], more: dict[str, Any]) -> tuple[Any, Any]:
    plain = {name: _plain(field) for name, field in more.items()}
    return _with(kind, more), _with(_twin(kind), plain)


def _with(kind: type[BaseModel], more: dict[str, Any]) -> type[BaseModel]:
    if not more:
        return kind
    fields: dict[str, Any] = {name: (_or_none(field), None) for name, field in more.items()}
    shape: type[BaseModel] = create_model(f"{kind.__name__}Shown", __base__=kind, **fields)
    return shape


@cache
def _twin(kind: type[BaseModel]) -> type[BaseModel]:
    fields: dict[str, Any] = {
        name: (_plain(field.annotation), ... if field.is_required() else None)
        for name, field in kind.model_fields.items()
    }
    shape: type[BaseModel] = create_model(f"{kind.__name__}Plain", **fields, **MARKS)
    return shape


def _or_none(kind: Any) -> Any:
    return kind | None


def _plain(kind: Any) -> Any:
    arguments = get_args(kind)
    if get_origin(kind) is tuple:
        return list[_plain(arguments[0])]  # type: ignore[misc]
    if get_origin(kind) in {Union, UnionType}:
        return Union[tuple(one if one is NoneType else _plain(one) for one in arguments)]  # noqa: UP007
    if not isinstance(kind, type):
        return kind
    if issubclass(kind, Provenance):
        (inner,) = kind.__pydantic_generic_metadata__["args"]
        return _plain(inner) | None if issubclass(kind, MaybeKnown) else _plain(inner)
    return _twin(kind) if issubclass(kind, Value) else kind
