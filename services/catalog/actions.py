"""What catalog does: publish documents in one transaction, and read what is published."""

from collections.abc import Sequence
from datetime import datetime

from services.catalog import store
from services.catalog.domain.publishing import Document, Head, content_hash, publish
from shared import outbox
from shared.contracts.base import Event
from shared.contracts.calendars import CalendarDocument
from shared.contracts.policies import CalendarPublished, PolicyPublished, RegionPolicy
from shared.errors import Refused, Unavailable
from shared.postgres import AWAY, Database, Tx


async def publish_documents(database: Database, documents: Sequence[Document], now: datetime) -> list[Event]:
    """Publish all documents that are newer than the published ones, or none of them if one is refused."""
    async with database.transaction() as tx:
        return [event for document in documents for event in await _publish(tx, document, now)]


async def _publish(tx: Tx, document: Document, now: datetime) -> list[Event]:
    topic, key = _place(document)
    head = await store.lock_head(tx, topic, key)
    events = publish(document, head, now)
    if events:
        newest = Head(document.version, content_hash(document))
        await store.save_head(tx, topic, key, newest)
        await store.add_document(tx, topic, key, document, now)
        await outbox.add(tx, events)
    return events


def _place(document: Document) -> tuple[str, str]:
    if isinstance(document, RegionPolicy):
        return PolicyPublished.topic, document.region
    return CalendarPublished.topic, str(document.year)


class Shelf:
    """The published documents, read from the database; a version never changes, so it is read once."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._policies: dict[tuple[str, int], RegionPolicy] = {}
        self._calendars: dict[tuple[str, int], CalendarDocument] = {}

    async def policies(self) -> list[RegionPolicy]:
        """Give the newest policy of each region, by region."""
        heads = await self._heads(PolicyPublished.topic)
        return [await self._policy(region, version) for region, version in heads.items()]

    async def policy(self, region: str, version: int | None = None) -> RegionPolicy:
        """Give a version of a region's policy, the newest if none is named; Refused 404 if there is none."""
        heads = await self._heads(PolicyPublished.topic)
        if region not in heads:
            raise Refused("region-unknown", f"no policy of {region} is published", status=404)
        return await self._policy(region, version or heads[region])

    async def calendars(self) -> list[CalendarDocument]:
        """Give the newest calendar of each year, by year."""
        heads = await self._heads(CalendarPublished.topic)
        return [await self._calendar(year, version) for year, version in heads.items()]

    async def _policy(self, region: str, version: int) -> RegionPolicy:
        if (region, version) not in self._policies:
            body = await self._body(PolicyPublished.topic, region, version)
            self._policies[region, version] = RegionPolicy.model_validate(body, extra="ignore")
        return self._policies[region, version]

    async def _calendar(self, year: str, version: int) -> CalendarDocument:
        if (year, version) not in self._calendars:
            body = await self._body(CalendarPublished.topic, year, version)
            self._calendars[year, version] = CalendarDocument.model_validate(body, extra="ignore")
        return self._calendars[year, version]

    async def _heads(self, topic: str) -> dict[str, int]:
        try:
            return await store.read_heads(self._database, topic)
        except AWAY:
            raise _away() from None

    async def _body(self, topic: str, key: str, version: int) -> object:
        try:
            body = await store.read_document(self._database, topic, key, version)
        except AWAY:
            raise _away() from None
        if body is None:
            raise Refused("version-unknown", f"{key} has no version {version}", status=404)
        return body


def _away() -> Unavailable:
    return Unavailable("database-away", "the database does not answer")
