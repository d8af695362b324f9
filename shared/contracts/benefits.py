"""What a recognised person gets and keeps: figures that are shown, never computed with, and their rules."""

from shared.contracts.base import Code, Line, Value
from shared.contracts.sourced import MaybeKnown, Sourced
from shared.contracts.submissions import ApplicantClass


class BenefitFigure(Value):
    """One figure: `about` is deductible, ratio or cap; `up_to` ends a range; `varies_by` says by what.

    The unit is for people, as `元/年` or `%`. The figure is for a class of applicants, a class of diseases,
    or all (F-P39, F-P40).
    """

    id: Code
    about: Code
    value: MaybeKnown[int | str]
    up_to: MaybeKnown[int] | None = None
    unit: Line | None = None
    applicant_class: ApplicantClass | None = None
    disease_class: Line | None = None
    varies_by: Sourced[str] | None = None


class InstitutionRules(Value):
    """How many institutions a person chooses, and how often and where they change them (F-P42)."""

    per_person: MaybeKnown[int]
    max_changes_per_year: MaybeKnown[int]
    year_basis: MaybeKnown[str]
    change_by: MaybeKnown[tuple[str, ...]]


class Renewal(Value):
    """Which recognitions end unless they are renewed, and when and with what that is asked (F-P43).

    `bridge_while_pending` keeps the old benefit while a renewal that came in time is open.
    """

    required_for: MaybeKnown[str]
    prompt: MaybeKnown[str]
    material: MaybeKnown[str]
    window_months_before_end_min: MaybeKnown[int]
    window_months_before_end_max: MaybeKnown[int]
    bridge_while_pending: MaybeKnown[bool]
    remind_days_before_end: Sourced[tuple[int, ...]]


class OutOfArea(Value):
    """What holds for people who live or move elsewhere (F-P44, F-P45, F-X12)."""

    rule: MaybeKnown[str]
    direct_settlement: MaybeKnown[str]
    mutual_recognition: MaybeKnown[bool]
    recognised_after: MaybeKnown[str]
    condition: MaybeKnown[str]


class Institution(Value):
    """A designated institution, the disease classes it is `entitled` to treat, and whether it `certifies`.

    `level` is 1 to 3, `tier` 甲等, 乙等 or 丙等.
    """

    code: Code
    name: Sourced[str]
    level: Sourced[int]
    tier: MaybeKnown[str]
    division: Code
    entitled: MaybeKnown[tuple[str, ...]]
    certifies: Sourced[bool]
    departments: Sourced[tuple[str, ...]]
