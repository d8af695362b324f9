"""How long a region keeps what, from when it counts, and what becomes of it then."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field

from shared.contracts.base import Value
from shared.contracts.sourced import MaybeKnown, Sourced

Years = Annotated[int, Field(ge=1, le=100)]
"""Whole years; none at all would mean that nothing is kept."""


class CountedFrom(StrEnum):
    """The day from which a period counts: the end of the application, or 1 January of the year after it."""

    END = "end"
    NEXT_YEAR = "next_year"


class Disposal(StrEnum):
    """What becomes of papers whose period is over."""

    ERASE = "erase"
    ARCHIVE = "archive"


class Retention(Value):
    """How long what is kept after an application has ended, and what is done then (domain list 8.3).

    `undecided_years` is for applications that were withdrawn or never accepted. With `keeps_predecessor` an
    application stays as long as one that follows it (a renewal, a new attempt). No job acts on
    `message_years` and `log_months_min`: messages are unreadable once their person is erased, and logs are
    the operator's.
    """

    determination_years: Sourced[Years]
    undecided_years: Sourced[Years]
    counted_from: Sourced[CountedFrom]
    when_due: Sourced[Disposal]
    keeps_predecessor: Sourced[bool]
    unused_upload_days: Sourced[Annotated[int, Field(ge=1, le=3650)]]
    message_years: MaybeKnown[Years]
    log_months_min: Sourced[Annotated[int, Field(ge=1)]]
