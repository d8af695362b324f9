"""The diseases of a region under three codes that are kept apart: local, recognition standard, national."""

from shared.contracts.base import Code, Value
from shared.contracts.sourced import MaybeKnown, Sourced


class Disease(Value):
    """One disease of the region's catalogue under its local code.

    `re_review_years` is 0 where no periodic review is needed; `annual_cap_yuan` is a sum or words such as
    `as_inpatient`; `excludes` names the diseases that cannot be held beside it. `standard` is the code of the
    recognition standard it is judged by.
    """

    code: Code
    name: Sourced[str]
    aliases: Sourced[tuple[str, ...]]
    disease_class: MaybeKnown[str]
    national_code: MaybeKnown[str]
    re_review_years: MaybeKnown[int]
    annual_cap_yuan: MaybeKnown[int | str]
    ends_at_age: Sourced[int] | None = None
    excludes: Sourced[tuple[str, ...]] | None = None
    standard: Code | None = None
    deductible_exempt: MaybeKnown[bool] | None = None
    cross_province: Sourced[bool] | None = None


class Catalogue(Value):
    """What is known about the region's disease list as a whole; `complete` says whether all are here."""

    title: Sourced[str]
    count: MaybeKnown[int]
    complete: Sourced[bool]


class NationalCode(Value):
    """A code of the national list as connected systems use it.

    One code has several names in several systems, so nothing is ever matched by name. `cross_province` says
    whether the disease is settled directly in another province.
    """

    code: Code
    name: MaybeKnown[str]
    other_names: Sourced[tuple[str, ...]] | None = None
    cross_province: Sourced[bool] | None = None
