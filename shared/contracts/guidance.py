"""What applicants are told and where they can go: notice, guide, comparison, ways in, offices."""

from typing import Annotated

from pydantic import StringConstraints

from shared.contracts.base import Code, Line, Value
from shared.contracts.sourced import MaybeKnown, Sourced

MonthDay = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]
"""A day of every year, as `03-31`."""


class Notice(Value):
    """The notice shown before the form (办理须知); `version` is what a submission says was read."""

    version: Code
    text: Sourced[str]


class PolicyChannel(Value):
    """A way to apply: who runs it, how to get in and what it can do.

    `entries` are the names that the matter has in it (F-P16), `population` is whom it serves, `visits` how
    often one has to come in person (F-P52), `progress` where one asks how the application stands (F-P53).
    """

    id: Code
    name: Sourced[str]
    kind: Code
    owner: MaybeKnown[str]
    way_in: Sourced[str]
    takes_applications: MaybeKnown[bool]
    functions: Sourced[tuple[str, ...]] | None = None
    recommended: Sourced[bool] | None = None
    entries: Sourced[tuple[str, ...]] | None = None
    population: Sourced[str] | None = None
    cross_region: Sourced[bool] | None = None
    hours: MaybeKnown[str] | None = None
    visits: Sourced[int] | None = None
    agent_allowed: MaybeKnown[bool] | None = None
    progress: Sourced[tuple[str, ...]] | None = None


class GuideText(Value):
    """A titled text for applicants: a step of the guide or a fact about the benefit."""

    id: Code
    title: Line
    body: Sourced[str]


class ComparisonRow(Value):
    """One row of the comparison between applying online and in person (F-P48 to F-P54, F-S15 to F-S19)."""

    id: Code
    title: Line
    online: Sourced[str]
    offline: Sourced[str]


class Office(Value):
    """A place that answers questions and takes papers."""

    id: Code
    name: Sourced[str]
    division: Code | None = None
    address: MaybeKnown[str]
    phone: MaybeKnown[str]
    hours: MaybeKnown[str]


class OnlineTerms(Value):
    """What a person needs to apply online, and when it is open (F-P14, F-P23, F-P29, F-P30, F-P49)."""

    hours: Sourced[str]
    real_name_required: Sourced[bool]
    registration_by: Sourced[tuple[str, ...]]
    phone_reachable: Sourced[bool]
    progress_entries: Sourced[tuple[str, ...]]
    signature: Sourced[str] | None = None


class IntakeWindow(Value):
    """A stretch of each year in which applications are taken, both days included, where there are such."""

    id: Code
    opens: MonthDay
    closes: MonthDay
    effective: MaybeKnown[str]


class OfflineVerification(Value):
    """When originals are checked in person, and what the person has to know then (F-P31, F-P52)."""

    possible: Sourced[bool]
    triggers: Sourced[tuple[str, ...]]
    diseases: MaybeKnown[tuple[str, ...]]
    place: MaybeKnown[str]
    hours: MaybeKnown[str]
    originals: MaybeKnown[str]
    agent_allowed: MaybeKnown[bool]
    home_visit: MaybeKnown[bool]
