"""The policies and calendars that review knows: which rules bind a case, which days count where."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from services.review.domain.rules import Rules, bound_by, differ
from shared.calendar import Calendar, DueDay
from shared.contracts.calendars import CalendarDocument
from shared.contracts.deadlines import PolicyPart
from shared.errors import Unavailable


@dataclass(frozen=True)
class Rulebook:
    """Rules by region and version, and the national calendar of each year in its newest version."""

    versions: Mapping[str, Mapping[int, Rules]]
    years: Sequence[CalendarDocument]
    _bound: dict[tuple[str, int, int], Rules] = field(default_factory=dict)
    _calendars: dict[tuple[str, int, int | None], Calendar] = field(default_factory=dict)
    _first_dues: dict[tuple[str, int, int | None, date], DueDay] = field(default_factory=dict)

    @classmethod
    def of(cls, rules: Iterable[Rules], calendars: Iterable[CalendarDocument]) -> "Rulebook":
        """Arrange what is known; of two calendars of a year the newer version counts."""
        versions: dict[str, dict[int, Rules]] = {}
        for one in rules:
            versions.setdefault(one.region, {})[one.version] = one
        newest: dict[int, CalendarDocument] = {}
        for calendar in sorted(calendars, key=lambda c: c.version):
            newest[calendar.year] = calendar
        return cls(versions, [newest[year] for year in sorted(newest)])

    def rules(self, region: str, version: int, today: date) -> Rules:
        """Give what binds a case: its own version, with the parts that the newest in force wants to bind it.

        Raises Unavailable `policy-unknown` as `pinned` does.
        """
        pinned, newest = self.pinned(region, version), self.in_force(region, today)
        if newest is None or newest.version <= pinned.version:
            return pinned
        key = (region, pinned.version, newest.version)
        if key not in self._bound:
            self._bound[key] = bound_by(pinned, newest)
        return self._bound[key]

    def pinned(self, region: str, version: int) -> Rules:
        """Give the rules of a version, or the next newer one if compaction has swallowed it.

        Raises Unavailable `policy-unknown` while only older ones, or none, are known.
        """
        known = self.versions.get(region, {})
        if version in known:
            return known[version]
        usable = [number for number in known if number > version]
        if not usable:
            raise Unavailable("policy-unknown", f"the policy {region}/{version} is not known yet")
        return known[min(usable)]

    def in_force(self, region: str, today: date) -> Rules | None:
        """Give the newest version of a region that is in force on a day; None if none is."""
        known = self.versions.get(region, {}).values()
        return max((r for r in known if r.effective_from <= today), key=lambda r: r.version, default=None)

    def moves_days(self, newest: Rules) -> bool:
        """Tell whether applications of older versions may count by other days once a version is in force.

        They do if it wants them to follow its own days, and if it no longer does what an older one did.
        """
        older = [r for r in self.versions[newest.region].values() if r.version < newest.version]
        followed = any(PolicyPart.CALENDAR in one.follows for one in (newest, *older))
        return followed and any(differ(PolicyPart.CALENDAR, one, newest) for one in older)

    def calendar(self, rules: Rules) -> Calendar:
        """Give the national calendar with the region's own days (N-13)."""
        key = (rules.region, rules.version, rules.newer_version)
        if key not in self._calendars:
            self._calendars[key] = Calendar.of(self.years, rules.calendar_additions)
        return self._calendars[key]

    def first_due(self, rules: Rules, received_on: date) -> DueDay:
        """Give the day by which an application received on a day must be accepted (N-12).

        Equal for all applications of a region and day, so it is counted once.
        """
        key = (rules.region, rules.version, rules.newer_version, received_on)
        if key not in self._first_dues:
            limit = rules.acceptance_working_days
            self._first_dues[key] = self.calendar(rules).add_working_days(received_on, limit)
        return self._first_dues[key]

    def newest(self) -> list[Rules]:
        """List the newest rules of each region, by region."""
        return [known[max(known)] for _, known in sorted(self.versions.items())]
