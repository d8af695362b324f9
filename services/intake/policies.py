"""The rules in force, kept in this process and renewed from the local copy when that has grown."""

import asyncio
from datetime import date

import structlog

from services.intake.domain.rulebook import Rulebook, rulebook
from services.intake.store import published
from shared.contracts.policies import RegionPolicy
from shared.errors import Unavailable
from shared.policy_versions import tell_versions
from shared.postgres import AWAY, PASSING, Database

PAUSE = 0.2
"""Seconds between two looks at which versions are there."""

log = structlog.get_logger("policies")


class Policies:
    """All versions of all regions' policies as rulebooks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rulebooks: dict[str, dict[int, Rulebook]] = {}
        self._known: set[tuple[str, int]] = set()
        self.present = asyncio.Event()

    def in_force(self, region: str, day: date) -> Rulebook | None:
        """The newest version for the region that is in force on that day; None if none is yet.

        Raises Unavailable `policies-missing` while no policy of the region is here: one may be on its way.
        """
        versions = self._rulebooks.get(region)
        if not versions:
            raise Unavailable("policies-missing", "no policy of this region has arrived yet", retry_after=2)
        in_force = [v for v, rules in versions.items() if rules.policy.effective_from <= day]
        return versions[max(in_force)] if in_force else None

    def all_in_force(self, day: date) -> dict[str, RegionPolicy]:
        """The newest version of each region's policy that is in force on that day; raises as `in_force`."""
        found = {region: self.in_force(region, day) for region in sorted(self._rulebooks)}
        if not found:
            self.in_force("", day)
        return {region: rules.policy for region, rules in found.items() if rules}

    async def refresh(self) -> None:
        """Load the versions that came since the last look."""
        there = await published.policy_versions(self._database)
        for region, version in sorted(there - self._known):
            policy = await published.get_policy(self._database, region, version)
            self._rulebooks[region] = self._rulebooks.get(region, {}) | {version: rulebook(policy)}
            self._known.add((region, version))
            tell_versions({region: max(self._rulebooks[region])})
            log.info("policy-loaded", region=region, version=version)
        if self._rulebooks:
            self.present.set()

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            try:
                await self.refresh()
            except (*AWAY, *PASSING) as error:
                log.warning("policies-not-renewed", reason=type(error).__name__)
            await asyncio.sleep(PAUSE)

    async def ready(self) -> str | None:
        """None once a policy is here, else the reason: for /health/ready."""
        return None if self._rulebooks else "no policy has arrived from catalog yet"
