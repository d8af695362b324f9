"""What is published, for readers: which version holds on which day, and the documents, read once each."""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import structlog

from services.catalog import store
from services.catalog.store import POLICIES, Version
from shared.clock import shanghai_date
from shared.contracts.calendars import CalendarDocument
from shared.contracts.policies import RegionPolicy
from shared.errors import Refused, Unavailable
from shared.postgres import AWAY, PASSING, Database

PAUSE = 0.2
"""Seconds between two looks at whether something was published."""

MOST_POLICIES = 8
"""How many policies are held at once as they are worked with; each takes two MB or more."""

Now = Callable[[], datetime]
log = structlog.get_logger()


class Shelf:
    """The published documents: all versions by name, and those that were asked for lately as a whole."""

    def __init__(self, database: Database, now: Now) -> None:
        self.database = database
        self.now = now
        self.generation = 0
        self._counted = -1
        self._versions: dict[str, list[Version]] = {}
        self._calendars: list[CalendarDocument] = []
        self._policies = OrderedDict[tuple[str, int], RegionPolicy]()

    def today(self) -> date:
        """The day in Asia/Shanghai."""
        return shanghai_date(self.now())

    def moment(self) -> tuple[int, date]:
        """What decides what is in force: another publication, or another day."""
        return self.generation, self.today()

    async def refresh(self) -> None:
        """See whether something was published; raises what the driver raises while the database is away."""
        counted = await store.count_documents(self.database)
        if counted == self._counted:
            return
        versions = defaultdict[str, list[Version]](list)
        for version in await store.read_versions(self.database, POLICIES):
            versions[version.key].append(version)
        self._calendars = await store.read_calendars(self.database)
        self._versions, self._counted = dict(versions), counted
        self.generation += 1

    async def run(self) -> None:
        """Look again and again until cancelled."""
        while True:
            try:
                await self.refresh()
            except (*AWAY, *PASSING) as error:
                log.warning("documents-not-renewed", reason=type(error).__name__)
            await asyncio.sleep(PAUSE)

    async def gap(self) -> str | None:
        """None once policies and calendars are here, else what is missing: for /health/ready."""
        if not self._versions:
            return "no policy is published yet"
        return None if self._calendars else "no calendar is published yet"

    def regions(self, day: date | None = None) -> list[tuple[str, int]]:
        """List the regions that have a policy in force on a day (today), with its version, by region."""
        found = ((region, self._in_force(region, day)) for region in sorted(self._versions))
        return [(region, version) for region, version in found if version]

    def versions(self, region: str) -> Sequence[Version]:
        """List all published versions of a region's policy; Refused 404 `region-unknown`."""
        if region not in self._versions:
            raise Refused("region-unknown", f"no policy of {region} is published", status=404)
        return self._versions[region]

    def version(self, region: str, version: int | None, day: date | None) -> int:
        """Tell which version is meant: the one named, or the one in force on a day (today).

        Refused 404 `region-unknown`, `version-unknown`, or `none-in-force` if the first begins later.
        """
        known = self.versions(region)
        if version is not None:
            if all(one.version != version for one in known):
                raise Refused("version-unknown", f"{region} has no version {version}", status=404)
            return version
        found = self._in_force(region, day)
        if not found:
            raise Refused("none-in-force", f"{region} has no policy in force on that day", status=404)
        return found

    async def policy(self, region: str, version: int) -> RegionPolicy:
        """Give a version of a region's policy that is published."""
        held = self._policies.get((region, version))
        if held is None:
            held = RegionPolicy.model_validate(await self.document(region, version), extra="ignore")
            self._policies[region, version] = held
            if len(self._policies) > MOST_POLICIES:
                self._policies.popitem(last=False)
        self._policies.move_to_end((region, version))
        return held

    async def document(self, region: str, version: int) -> Mapping[str, Any]:
        """Give a published version as JSON, every value with its source."""
        try:
            body = await store.read_document(self.database, POLICIES, region, version)
        except AWAY:
            raise _away() from None
        if body is None:
            raise Refused("version-unknown", f"{region} has no version {version}", status=404)
        found: Mapping[str, Any] = body
        return found

    async def parts(
        self, versions: Sequence[tuple[str, int]], names: Sequence[str]
    ) -> list[Mapping[str, Any]]:
        """Give some parts of many published versions as JSON, every value with its source."""
        try:
            found = await store.read_parts(self.database, POLICIES, versions, names)
        except AWAY:
            raise _away() from None
        return [found[region] for region, _ in versions]

    def calendars(self) -> Sequence[CalendarDocument]:
        """Give the newest calendar of each year, by year."""
        return self._calendars

    def _in_force(self, region: str, day: date | None) -> int:
        on = day or self.today()
        return max((one.version for one in self._versions[region] if one.effective_from <= on), default=0)


def _away() -> Unavailable:
    return Unavailable("database-away", "the database does not answer")
