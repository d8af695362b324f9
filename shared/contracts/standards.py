"""Recognition standards (认定标准): what must be shown for a disease, as a tree of named criteria.

Every node has an id that is unique in its tree and a text for people. A node is met, not met or not shown;
the standard advises, a named person decides.
"""

from collections.abc import Iterator
from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field, model_validator

from shared.contracts.base import Code, Line, Value
from shared.contracts.sourced import MaybeKnown, Sourced
from shared.contracts.submissions import PhysicianTitle

Months = Annotated[int, Field(ge=1, le=240)]
Count = Annotated[int, Field(ge=1, le=20)]


class Scope(StrEnum):
    """Whether every area of the province takes the disease, or each area decides."""

    BASIC = "basic"
    EXTENSION = "extension"


class Sex(StrEnum):
    """As in the ID number; some thresholds differ."""

    MALE = "male"
    FEMALE = "female"


class Comparison(StrEnum):
    """How a measured value is compared with the threshold."""

    AT_LEAST = ">="
    MORE_THAN = ">"
    AT_MOST = "<="
    LESS_THAN = "<"


class Tier(StrEnum):
    """The grade of a hospital within its level, best first."""

    FIRST = "甲等"
    SECOND = "乙等"
    THIRD = "丙等"


class Issuer(Value):
    """Who may issue a paper: a hospital of a level and tier or above, or a specialist one of any level.

    `level` is the lowest hospital level (1 to 3) and `tier` the lowest tier within it (3 with 甲等: 三级甲等;
    2 with 甲等: 二级甲等 or any level 3). `speciality` is a kind of specialist hospital that serves instead,
    `department` the one that must have issued the paper in any case.
    """

    level: Annotated[int, Field(ge=1, le=3)] | None = None
    tier: Tier | None = None
    speciality: Line | None = None
    department: Line | None = None

    @model_validator(mode="after")
    def _has_a_level_for_its_tier(self) -> "Issuer":
        if self.tier and not self.level:
            raise ValueError("a tier is one within a level")
        return self


class Node(Value):
    """What every node has: an id, and what it asks in the words of an officer."""

    id: Code
    text: Line


class AllOf(Node):
    """Every part must be met."""

    test: Literal["all"]
    of: tuple["Criterion", ...] = Field(min_length=1)


class AtLeast(Node):
    """Any `n` of the parts must be met; n = 1 is "or"."""

    test: Literal["at_least"]
    n: Count
    of: tuple["Criterion", ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _can_be_met(self) -> "AtLeast":
        if self.n > len(self.of):
            raise ValueError(f"{self.n} of {len(self.of)} parts can never be met")
        return self


class PaperShown(Node):
    """Papers of all kinds of one alternative: D has two, D! has one, D+ has one of two kinds.

    What is asked of a paper is asked of each that counts: its issuer, its age, so many `signers` of a title
    or above, its stamp. `count` are the complete sets, whichever alternatives they are of.
    """

    test: Literal["paper"]
    any_of: tuple[tuple[Code, ...], ...] = Field(min_length=1)
    issuer: Issuer | None = None
    within_months: Months | None = None
    count: Count = 1
    signers: Count | None = None
    signer_title_min: PhysicianTitle | None = None
    stamped: bool = False


class Treated(Node):
    """So many outpatient visits on different days, or so many inpatient stays, in the last months.

    `span_months` lie at least between the first and the last of the visits that count; a stay needs no span.
    `since_months` is how long before the application treatment of any kind must have begun (the course).
    """

    test: Literal["treated"]
    outpatient: Count | None = None
    inpatient: Count | None = None
    within_months: Months | None = None
    span_months: Months | None = None
    since_months: Months | None = None

    @model_validator(mode="after")
    def _counts_something(self) -> "Treated":
        if self.outpatient is None and self.inpatient is None:
            raise ValueError("neither visits nor stays are counted")
        return self


class Measured(Node):
    """A measured value against a threshold in a unit, for one sex or both, in `count` reports."""

    test: Literal["measured"]
    measure: Code
    compare: Comparison
    threshold: float = Field(allow_inf_nan=False)
    unit: Line
    sex: Sex | None = None
    count: Count = 1
    within_months: Months | None = None


class Found(Node):
    """A finding that so many reports state, or with `expected: false` one that must be denied.

    An exclusion (another payer, another benefit) holds on the day of the application, so it has no window.
    """

    test: Literal["found"]
    finding: Code
    expected: bool = True
    count: Count = 1
    within_months: Months | None = None

    @model_validator(mode="after")
    def _excludes_without_a_window(self) -> "Found":
        if not self.expected and (self.within_months or self.count > 1):
            raise ValueError("an exclusion has neither a window nor a count")
        return self


class Aged(Node):
    """The person's age in whole years on the day of the application."""

    test: Literal["aged"]
    at_least: Annotated[int, Field(ge=0, le=150)] | None = None
    at_most: Annotated[int, Field(ge=0, le=150)] | None = None

    @model_validator(mode="after")
    def _bounds_the_age(self) -> "Aged":
        low, high = self.at_least, self.at_most
        if low is None and high is None:
            raise ValueError("no age is asked for")
        if low is not None and high is not None and low > high:
            raise ValueError(f"nobody is at least {low} and at most {high}")
        return self


Criterion = Annotated[
    AllOf | AtLeast | PaperShown | Treated | Measured | Found | Aged, Field(discriminator="test")
]


class Standard(Value):
    """The recognition standard of one disease under the code of its list; `tree` is what must be shown."""

    code: Code
    name: Sourced[str]
    scope: Sourced[Scope]
    tree: Sourced[Criterion]
    aliases: Sourced[tuple[str, ...]] | None = None
    national_code: MaybeKnown[str] | None = None

    @model_validator(mode="after")
    def _names_each_node_once(self) -> "Standard":
        ids = [node.id for node in nodes_of(self.tree.v)]
        double = sorted({one for one in ids if ids.count(one) > 1})
        if double:
            raise ValueError(f"nodes named twice: {', '.join(double)}")
        return self


def nodes_of(tree: Criterion) -> Iterator[Criterion]:
    """Give a node and all nodes below it, from the top, in the order they are written."""
    yield tree
    if isinstance(tree, AllOf | AtLeast):
        for part in tree.of:
            yield from nodes_of(part)


AllOf.model_rebuild()
AtLeast.model_rebuild()
Sourced[Criterion].model_rebuild()
Standard.model_rebuild()
