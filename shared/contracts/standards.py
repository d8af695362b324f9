"""Recognition standards (认定标准): what must be shown for a disease, as a tree of named criteria.

Every node has an id that is unique in its tree and a text for people. A node is met, not met or not shown;
the standard advises, a named person decides.
"""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.base import Code, Line, Value
from shared.contracts.sourced import Sourced
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


class Issuer(Value):
    """Who may issue a paper: one of these is enough.

    `level` is the lowest hospital level (1 to 3), `tier` is 甲等 (三级甲等), `speciality` a kind of
    specialist hospital that serves whatever its level, `department` the one that must have issued it.
    """

    level: Annotated[int, Field(ge=1, le=3)] | None = None
    tier: Line | None = None
    speciality: Line | None = None
    department: Line | None = None


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


class PaperShown(Node):
    """Papers of all kinds of one alternative: D has two, D! has one, D+ has one of two kinds."""

    test: Literal["paper"]
    any_of: tuple[tuple[Code, ...], ...] = Field(min_length=1)
    issuer: Issuer | None = None
    within_months: Months | None = None
    count: Count = 1
    signers: Count | None = None
    signer_title_min: PhysicianTitle | None = None


class Treated(Node):
    """So many outpatient visits or inpatient stays in the last months, spread over at least `span_months`."""

    test: Literal["treated"]
    outpatient: Count | None = None
    inpatient: Count | None = None
    within_months: Months | None = None
    span_months: Months | None = None


class Measured(Node):
    """A measured value against a threshold in a unit, for one sex or both, in `count` reports."""

    test: Literal["measured"]
    measure: Code
    compare: Comparison
    threshold: float
    unit: Line
    sex: Sex | None = None
    count: Count = 1
    within_months: Months | None = None


class Found(Node):
    """A finding that a report states, or with `expected: false` excludes (another payer, a cause)."""

    test: Literal["found"]
    finding: Code
    expected: bool = True
    count: Count = 1
    within_months: Months | None = None


class Aged(Node):
    """The person's age in whole years on the day of the application."""

    test: Literal["aged"]
    at_least: Annotated[int, Field(ge=0, le=150)] | None = None
    at_most: Annotated[int, Field(ge=0, le=150)] | None = None


Criterion = Annotated[
    AllOf | AtLeast | PaperShown | Treated | Measured | Found | Aged, Field(discriminator="test")
]


class Standard(Value):
    """The recognition standard of one disease under the code of its list; `tree` is what must be shown."""

    code: Code
    name: Sourced[str]
    scope: Sourced[Scope]
    tree: Sourced[Criterion]


AllOf.model_rebuild()
AtLeast.model_rebuild()
Sourced[Criterion].model_rebuild()
Standard.model_rebuild()
