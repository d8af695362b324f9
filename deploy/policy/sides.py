"""The two sides of a rehearsal: the rules an application was under, and those a draft would make."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from deploy.policy.files import Base
from services.catalog.domain.composing import policies_since, regions_on
from services.catalog.domain.sheets import Sheet
from services.intake.domain import rulebook as intake
from services.review.domain import Rulebook, Rules, rules_of
from shared.calendar import Calendar
from shared.contracts.calendars import CalendarDocument
from shared.contracts.policies import RegionPolicy
from shared.errors import Unreadable

Lookup = Callable[[str, int], RegionPolicy]
"""Gives a published version of a region's policy."""


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """A policy with calendars, arranged as intake and review arrange it."""

    policy: RegionPolicy
    intake: intake.Rulebook
    rules: Rules
    book: Rulebook

    @property
    def calendar(self) -> Calendar:
        """The working days that count in the region."""
        return self.book.calendar(self.rules)

    @classmethod
    def of(cls, policy: RegionPolicy, calendars: Sequence[CalendarDocument]) -> Side:
        """Arrange a policy with the national calendars; Unreadable if nothing can be counted by them."""
        rules = rules_of(policy)
        book = Rulebook.of([rules], calendars)
        _require_countable(rules, book)
        return cls(policy, intake.rulebook(policy), rules, book)


@dataclass(frozen=True, slots=True, eq=False)
class Sides:
    """Before and after for the applications of a region and version; `same_policy` if only days change."""

    before: Side
    after: Side

    @property
    def same_policy(self) -> bool:
        """Whether the draft leaves the policy as it is and changes calendars alone."""
        return self.before.policy is self.after.policy


class Ground:
    """Published files, drafts laid over them, and the published policies that applications are pinned to."""

    def __init__(self, base: Base, drafts: Sequence[Sheet], today: date, lookup: Lookup) -> None:
        self._lookup = lookup
        self._calendars = base.calendars_with([]), base.calendars_with(drafts)
        self._all_regions = any(draft.kind == "calendar" for draft in drafts)
        self._made = _made(base, drafts, today)
        self._sides: dict[tuple[str, int], Sides] = {}

    def reaches(self, region: str) -> bool:
        """Tell whether the drafts can change anything in a region."""
        return self._all_regions or region in self._made

    def sides(self, region: str, version: int) -> Sides:
        """Give before and after for applications under a version; worked out once."""
        key = (region, version)
        if key not in self._sides:
            policy = self._lookup(region, version)
            before = Side.of(policy, self._calendars[0])
            self._sides[key] = Sides(before, Side.of(self._made.get(region, policy), self._calendars[1]))
        return self._sides[key]


def _require_countable(rules: Rules, book: Rulebook) -> None:
    """Calendars may contradict themselves and limits be none at all, which no form forbids."""
    if min(rules.sla_working_days, rules.acceptance_working_days, rules.supplement_answer_working_days) < 1:
        raise Unreadable("limit-none", f"{rules.region}: every limit is at least one working day")
    try:
        book.calendar(rules)
    except ValueError as error:
        raise Unreadable("calendar-contradicts", f"{rules.region}: {error}") from None


def _made(base: Base, drafts: Sequence[Sheet], today: date) -> dict[str, RegionPolicy]:
    """Make the policies of all regions that the drafts reach, as they would be from the drafts' day on."""
    layers = [draft for draft in drafts if draft.kind != "calendar"]
    editions = base.layers_with(layers)
    made = (
        policies_since(editions, region, [], max(today, draft.effective_from))[0].policy
        for draft in layers
        for region in regions_on(editions, draft.key)
    )
    return {policy.region: policy for policy in made}
