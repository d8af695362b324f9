"""A value of a policy with the source it was read from, how good that source is, and what others claim."""

from enum import StrEnum
from typing import Generic, TypeVar

from pydantic import Field, model_validator

from shared.contracts.base import Line, Paragraph, Value, date

T = TypeVar("T")


class Grade(StrEnum):
    """How good a source is; a value of grade R is a configurable default and never told as a fact."""

    LAW = "A"
    CONNECTED_SYSTEM = "B"
    ANONYMOUS_PAGE = "C"
    UNVERIFIED = "R"


class Layer(StrEnum):
    """The layer a value of a region's policy comes from."""

    NATIONAL = "national"
    PROVINCE = "province"
    CITY = "city"


class Claim(Value):
    """What another source says instead."""

    v: str | int | bool | list[str]
    src: Line
    note: Line | None = None


class Provenance(Value):
    """Where a value comes from; `origin` is the layer it was taken from.

    `effective_from` and `effective_to` are the first and last day for which the source states it, where it
    says so; the policy itself says from which day it holds as a whole.
    """

    src: Line
    grade: Grade
    origin: Layer = Layer.CITY
    effective_from: date | None = None
    effective_to: date | None = None
    note: Paragraph | None = None
    conflict: tuple[Claim, ...] = ()


class Sourced(Provenance, Generic[T]):
    """A value that is there, if only as a default of grade R."""

    v: T


class MaybeKnown(Provenance, Generic[T]):
    """A value that may have been sought in vain: then `unknown` is true and `v` is None."""

    v: T | None = Field(default=None)
    unknown: bool = False

    @model_validator(mode="after")
    def _says_whether_it_is_known(self) -> "MaybeKnown[T]":
        if self.unknown is not (self.v is None):
            raise ValueError("either a value or `unknown: true`")
        return self


class SourceTitle(Value):
    """What the short name of a source stands for, and how good that source is."""

    src: Line
    title: Line
    grade: Grade
