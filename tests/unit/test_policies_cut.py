"""What intake and review leave in the database of a policy, they apply nothing of."""

from dataclasses import fields
from typing import Any

import pytest

from services.catalog.app import read_documents
from services.intake.domain import rulebook as intake
from services.intake.store import published
from services.review import domain
from services.review.store import catalog
from shared.contracts.policies import RegionPolicy

POLICIES = [document for document in read_documents() if isinstance(document, RegionPolicy)]


def cut(policy: RegionPolicy, unused: tuple[str, ...], empty: dict[str, list[str]]) -> RegionPolicy:
    """The policy as it is read from the database without these parts."""
    whole: dict[str, Any] = policy.model_dump(mode="json")
    kept = {name: value for name, value in whole.items() if name not in unused}
    return RegionPolicy.model_validate({**kept, **empty}, extra="ignore")


@pytest.fixture(params=POLICIES, ids=lambda policy: policy.region)
def policy(request: pytest.FixtureRequest) -> RegionPolicy:
    found: RegionPolicy = request.param
    return found


def test_both_shipped_regions_have_something_to_cut() -> None:
    assert sorted(policy.region for policy in POLICIES) == ["panzhihua", "shangrao"]
    assert all(policy.guide and policy.benefit and policy.sources for policy in POLICIES)


def test_review_applies_the_same_rules_of_a_policy_that_is_cut(policy: RegionPolicy) -> None:
    assert domain.rules_of(cut(policy, catalog.UNUSED, catalog.EMPTY)) == domain.rules_of(policy)


def test_intake_applies_the_same_rules_of_a_policy_that_is_cut(policy: RegionPolicy) -> None:
    whole = intake.rulebook(policy)
    small = intake.rulebook(cut(policy, published.UNUSED, published.EMPTY))
    assert small.policy != whole.policy
    for one in fields(intake.Rulebook):
        if one.name != "policy":
            assert getattr(small, one.name) == getattr(whole, one.name)
    for disease in policy.diseases:
        for kind in policy.application_types.v:
            for agent, minor in ((False, False), (True, True)):
                asked = (disease.code, kind, agent, minor)
                assert intake.papers(small, *asked) == intake.papers(whole, *asked)


def test_intake_keeps_what_it_reads_of_the_policy_itself(policy: RegionPolicy) -> None:
    small = cut(policy, published.UNUSED, published.EMPTY)
    named = ("retention", "upload", "notice", "intake_mode", "intake_windows", "materials", "diseases")
    for name in ("version", "effective_from", "admdvs", *named):
        assert getattr(small, name) == getattr(policy, name)
