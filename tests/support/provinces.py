"""The standards and recognition vectors that a province's file holds."""

from functools import cache
from typing import Any

from pydantic import TypeAdapter

from services.catalog.app import POLICIES
from services.catalog.domain.layering import spell_out
from services.catalog.domain.places import File, parse
from shared.contracts.policies import RegionPolicy
from shared.contracts.sourced import Layer
from shared.contracts.standards import Standard
from shared.recognition import Vector

STANDARDS: TypeAdapter[tuple[Standard, ...]] = TypeAdapter(tuple[Standard, ...])


@cache
def written(province: str) -> dict[str, Any]:
    """The file as it is written."""
    path = POLICIES / "provinces" / f"{province}.yaml"
    return parse(File(path.name, path.read_text(encoding="utf-8")))


@cache
def standards_of(province: str) -> tuple[Standard, ...]:
    """The recognition standards with every source spelled out."""
    held = {name: value for name, value in written(province).items() if name in {"from", "standards"}}
    return STANDARDS.validate_python(spell_out(RegionPolicy, held, Layer.PROVINCE)["standards"])


@cache
def vectors_of(province: str) -> tuple[Vector, ...]:
    """The vectors that stand beside the standards."""
    return tuple(Vector.model_validate(vector) for vector in written(province)["vectors"])
