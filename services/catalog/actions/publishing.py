"""Publishing: policy files become versions, and policies are made of them and stated, in one transaction."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import structlog

from services.catalog import store
from services.catalog.domain.composing import Edition, Editions, Made, policies_since, regions_on
from services.catalog.domain.places import File
from services.catalog.domain.publishing import DELIVERED, Hands, state, text_hash
from services.catalog.domain.sheets import Sheet, calendar_of, read_sheet
from shared import outbox
from shared.contracts.base import Event
from shared.contracts.calendars import CalendarDocument
from shared.contracts.policies import RegionPolicy
from shared.errors import Unavailable
from shared.postgres import Database, Tx

TRIES = 5

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Publication:
    """What is to be published: new versions of files, the documents they make, and who is behind it.

    `seen` is how many versions of files were published when this was worked out.
    """

    editions: Sequence[Edition]
    policies: Sequence[Made]
    calendars: Sequence[CalendarDocument]
    hands: Hands
    seen: int


async def deliver(database: Database, sheets: Sequence[Sheet], now: datetime) -> list[Event]:
    """Publish the files that came with the product and of which nothing is published yet.

    What is published already is the administrators': a file that differs from it is named in the log.
    """
    for _ in range(TRIES):
        published = {one.key: one for one in await store.read_sheets(database)}
        for sheet in sheets:
            if sheet.key in published and published[sheet.key].content_hash != text_hash(sheet.file.text):
                log.info("delivered-file-differs", key=sheet.key, version=published[sheet.key].version)
        new = [Edition(sheet, 1) for sheet in sheets if sheet.key not in published]
        if not new:
            return []
        publication = await prepare(database, new, DELIVERED)
        async with database.transaction() as tx:
            if (events := await publish(tx, publication, now)) is not None:
                return events
    raise Unavailable("publication-raced", "others publish at the same time; try again")


async def prepare(database: Database, new: Sequence[Edition], hands: Hands) -> Publication:
    """Work out what new versions of files change; Unreadable with every reason if they make no policy."""
    seen = await store.count_sheets(database)
    layers = [edition for edition in new if edition.sheet.kind != "calendar"]
    calendars = [calendar_of(e.sheet, e.version) for e in new if e.sheet.kind == "calendar"]
    since = min((edition.sheet.effective_from for edition in layers), default=date.max)
    editions = await published_editions(database, since)
    for edition in layers:
        editions[edition.sheet.key].append(edition)
    regions = sorted({region for e in layers for region in regions_on(editions, e.sheet.key)})
    names = [region.partition(":")[2] for region in regions]
    known = await store.read_since(database, since, names) if names else []
    made = await asyncio.to_thread(_make, editions, regions, known, since)
    return Publication(new, made, calendars, hands, seen)


async def publish(tx: Tx, publication: Publication, now: datetime) -> list[Event] | None:
    """Keep and state what was worked out; None if something else was published since then."""
    await store.lock(tx)
    if await store.count_sheets(tx) != publication.seen:
        return None
    hands = publication.hands
    for edition in publication.editions:
        await store.add_sheet(tx, edition, text_hash(edition.sheet.file.text), hands, now)
    for calendar in publication.calendars:
        await store.add_calendar(tx, calendar, hands, now)
    for made in publication.policies:
        await store.add_policy(tx, made, hands, now)
    events = [
        *(state(calendar, now, (), hands) for calendar in publication.calendars),
        *(state(made.policy, now, made.layers, hands) for made in publication.policies),
    ]
    await outbox.add(tx, events)
    return events


async def published_editions(source: Database, since: date) -> defaultdict[str, list[Edition]]:
    """Read the layers that can hold on a day or later, by key, oldest first."""
    editions = defaultdict[str, list[Edition]](list)
    for key, version, text in await store.read_editions(source, since):
        editions[key].append(Edition(read_sheet(File(f"{key}/{version}", text)), version))
    return editions


def _make(
    editions: Editions, regions: Sequence[str], known: Sequence[RegionPolicy], since: date
) -> list[Made]:
    published: Mapping[str, list[RegionPolicy]] = defaultdict(list)
    for policy in known:
        published[policy.region].append(policy)
    return [
        made
        for region in regions
        for made in policies_since(editions, region, published[region.partition(":")[2]], since)
    ]
