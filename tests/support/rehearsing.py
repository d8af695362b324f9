"""Drafts made from the shipped policy files, past applications, and the rehearsal of those over these."""

from collections.abc import Callable
from datetime import date
from typing import Any

import yaml

from deploy.policy.differences import Kind
from deploy.policy.files import Base, delivered
from deploy.policy.past import Past
from deploy.policy.rehearsal import Rehearsed, rehearse
from deploy.policy.sides import Ground
from services.catalog.app import POLICIES
from services.catalog.domain.composing import Edition, policies_since
from services.catalog.domain.places import File
from services.catalog.domain.sheets import Sheet, read_sheet
from services.review.domain import Rules, rules_of
from shared.contracts.policies import RegionPolicy
from shared.contracts.submissions import Material
from tests.support.cases import FIRST, Story

Edit = Callable[[Any], None]
TODAY = date(2026, 11, 20)
DELIVERED = delivered()


def nothing(written: Any) -> None:
    """Change nothing."""


def a_draft(file: str, edit: Edit = nothing) -> Sheet:
    """A shipped file (`national`, `regions/panzhihua`) with a change."""
    written = yaml.safe_load((POLICIES / f"{file}.yaml").read_text(encoding="utf-8"))
    edit(written)
    return a_sheet(written)


def a_sheet(written: Any) -> Sheet:
    """A policy file of these values."""
    return read_sheet(File("draft.yaml", yaml.safe_dump(written, allow_unicode=True)))


def limits(**changes: Any) -> Edit:
    """Other deadlines."""
    return lambda written: written["deadlines"].update(changes)


def based_on(*sheets: Sheet) -> Base:
    """The shipped files, some of them replaced."""
    return Base("tests", DELIVERED.files | {sheet.key: [Edition(sheet, 1)] for sheet in sheets})


def a_policy(region: str = "panzhihua", base: Base = DELIVERED) -> RegionPolicy:
    """The published policy of a region."""
    return policies_since(base.layers_with([]), f"region:{region}", [], TODAY)[0].policy


def some_rules(region: str = "panzhihua", base: Base = DELIVERED) -> Rules:
    """The published rules of a region as review applies them."""
    return rules_of(a_policy(region, base))


def a_paper(kind: str, **changes: Any) -> Material:
    """An uploaded paper."""
    values = {"kind": kind, "content_hash": "a" * 64, "content_type": "application/pdf", "size": 1000}
    return Material(**{**values, **changes})


def papers(*more: Material) -> list[Material]:
    """Everything that Panzhihua asks for."""
    asked = ("e_insurance_credential", "application_form", "diagnosis_certificate", "test_report")
    return [*map(a_paper, asked), *more]


def a_story(region: str = "panzhihua", base: Base = DELIVERED, **submitted: Any) -> Story:
    """A case of a region, complete."""
    return Story(some_rules(region, base), **{"materials": papers(), "region": region, **submitted})


def past(story: Story) -> Past:
    """What the bus tells of a case."""
    dossier = story.file.dossier
    return Past(dossier.submitted, dossier.supplied, tuple(story.events))


def accepted(**submitted: Any) -> Past:
    """An application that was accepted on its day."""
    return past(a_story(**submitted).accept())


def answered() -> Past:
    """Accepted at once, asked after four days, answered three days later."""
    story = a_story().accept().later(days=4).ask(FIRST, "outpatient_record").later(days=3)
    return past(story.supply(a_paper("outpatient_record")))


def rehearsed(
    *drafts: Sheet, over: list[Past], base: Base = DELIVERED, **versions: RegionPolicy
) -> Rehearsed:
    """The rehearsal of drafts; `versions` are policies that are published under a name as `v2`."""

    def lookup(region: str, version: int) -> RegionPolicy:
        return versions.get(f"v{version}") or a_policy(region, base)

    return rehearse(over, Ground(base, drafts, TODAY, lookup), TODAY)


def changes(done: Rehearsed, kind: Kind) -> list[tuple[str, str, str]]:
    """The differences of a kind: what changes, from, to."""
    found = (one.difference for one in done.found if one.difference.kind is kind)
    return [(one.change, one.before, one.after) for one in found]


def reasons(done: Rehearsed, kind: Kind) -> list[str]:
    """Why."""
    return [one.difference.reason for one in done.found if one.difference.kind is kind]
