"""Criteria, trees and evidence drawn by hypothesis."""

from datetime import date, timedelta

from hypothesis import strategies as st

from shared.contracts.evidence import Evidence, EvidencePaper, Finding, Measurement, Stay, Visits
from shared.contracts.standards import Criterion
from tests.support.recognition import TODAY, a_criterion, named

DAYS = st.dates(min_value=date(2022, 1, 1), max_value=date(2026, 12, 31))
KINDS = st.sampled_from(["discharge_summary", "diagnosis_certificate", "test_report"])
TITLES = st.sampled_from(["attending", "associate_chief", "chief"])
MONTHS = st.none() | st.sampled_from([6, 12, 24])
COUNTS = st.integers(1, 3)
TIERS = st.sampled_from(["甲等", "乙等", "丙等"])

PAPERS = st.builds(
    EvidencePaper,
    kind=KINDS,
    issuer_level=st.none() | st.integers(1, 3),
    issuer_tier=st.none() | TIERS,
    issuer_speciality=st.none() | st.sampled_from(["精神专科", "综合"]),
    department=st.none() | st.sampled_from(["神经内科", "骨科"]),
    issued_on=st.none() | DAYS,
    signers=st.none() | st.lists(TITLES, max_size=3),
    stamped=st.none() | st.booleans(),
)
MEASUREMENTS = st.builds(
    Measurement,
    measure=st.sampled_from(["m", "n"]),
    value=st.floats(0, 10),
    unit=st.sampled_from(["g", "kg"]),
    measured_on=st.none() | DAYS,
)
FINDINGS = st.builds(
    Finding, finding=st.sampled_from(["a", "b"]), present=st.booleans(), stated_on=st.none() | DAYS
)
STAYS = st.builds(
    lambda first, days: Stay(admitted_on=first, discharged_on=first + timedelta(days)), DAYS, COUNTS
)
EVIDENCE = st.builds(
    Evidence,
    applied_on=st.just(TODAY),
    papers=st.lists(PAPERS, max_size=4),
    measurements=st.lists(MEASUREMENTS, max_size=4),
    findings=st.lists(FINDINGS, max_size=4),
    visits=st.builds(Visits, outpatient=st.lists(DAYS, max_size=4), inpatient=st.lists(STAYS, max_size=2)),
)

ISSUERS = st.none() | st.fixed_dictionaries(
    {"level": st.integers(1, 3)},
    optional={"tier": TIERS, "speciality": st.just("精神专科"), "department": st.just("神经内科")},
)
PAPER_SHOWN = st.builds(
    lambda **asked: a_criterion("paper", **asked),
    any_of=st.lists(st.lists(KINDS, min_size=1, max_size=2, unique=True), min_size=1, max_size=2),
    issuer=ISSUERS,
    within_months=MONTHS,
    count=COUNTS,
    signers=st.none() | st.integers(1, 2),
    signer_title_min=st.none() | TITLES,
    stamped=st.booleans(),
)
TREATED = st.builds(
    lambda **asked: a_criterion("treated", **asked),
    outpatient=COUNTS,
    inpatient=st.none() | COUNTS,
    within_months=MONTHS,
    span_months=MONTHS,
    since_months=MONTHS,
)
MEASURED = st.builds(
    lambda **asked: a_criterion("measured", measure="m", threshold=5, unit="g", **asked),
    compare=st.sampled_from([">=", ">", "<=", "<"]),
    count=COUNTS,
    within_months=MONTHS,
    sex=st.none() | st.sampled_from(["male", "female"]),
)
FOUND = st.builds(
    lambda **asked: a_criterion("found", **asked),
    finding=st.sampled_from(["a", "b"]),
    count=COUNTS,
    within_months=MONTHS,
)
EXCLUDED = st.builds(
    lambda finding: a_criterion("found", finding=finding, expected=False), st.sampled_from(["a", "b"])
)
AGED = st.builds(lambda limit: a_criterion("aged", at_most=limit), st.integers(0, 90))


def _all(parts: list[Criterion]) -> Criterion:
    return a_criterion("all", of=[named(i, part) for i, part in enumerate(parts)])


def _some(parts: list[Criterion]) -> Criterion:
    return a_criterion("at_least", n=(len(parts) + 1) // 2, of=[named(i, p) for i, p in enumerate(parts)])


LEAVES = PAPER_SHOWN | TREATED | MEASURED | FOUND | AGED


def _either_way(parts: list[Criterion]) -> st.SearchStrategy[Criterion]:
    return st.sampled_from([_all(parts), _some(parts)])


TREES = st.recursive(
    LEAVES, lambda parts: st.lists(parts, min_size=1, max_size=3).flatmap(_either_way), max_leaves=6
)
