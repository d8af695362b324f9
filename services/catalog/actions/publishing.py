"""Publishing: files become versions, and policies are made of them and stated, in one transaction."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

import structlog

from services.catalog import store
from services.catalog.domain.composing import Edition, Made, changed, composed_since
from services.catalog.domain.places import File
from services.catalog.domain.publishing import DELIVERED, Hands, state, text_hash
from services.catalog.domain.sheets import Sheet, next_calendar, read_sheet
from shared import outbox
from shared.postgres import Database, Tx

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Announced:
    """A version of a document that was stated; calendars hold from no day of their own."""

    topic: str
    key: str
    version: int
    effective_from: date | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Composed:
    """What files make of one region, for every day from the first of theirs on."""

    region: str
    made: Sequence[Made]


async def deliver(database: Database, sheets: Sequence[Sheet], now: datetime) -> list[Announced]:
    """Publish the files that came with the product and of which nothing is published yet.

    What is published already is the administrators': a file that differs from it is named in the log.
    """
    async with database.transaction() as tx:
        await store.lock(tx)
        published = {one.key: one for one in await store.read_sheets(tx)}
        for sheet in sheets:
            if sheet.key in published and published[sheet.key].content_hash != text_hash(sheet.file.text):
                log.info("delivered-file-differs", key=sheet.key, version=published[sheet.key].version)
        new = [Edition(sheet, 1) for sheet in sheets if sheet.key not in published]
        announced = await publish_files(tx, new, DELIVERED, now)
        async for composed in compositions(tx, new, date.min):
            announced += await publish_policies(tx, composed, DELIVERED, now)
        return announced


async def publish_files(tx: Tx, new: Sequence[Edition], hands: Hands, now: datetime) -> list[Announced]:
    """Keep new versions of files, and state the calendars among them; the caller holds the lock."""
    announced = []
    for edition in new:
        await store.add_sheet(tx, edition, text_hash(edition.sheet.file.text), hands, now)
        if edition.sheet.kind == "calendar":
            announced += await _publish_calendar(tx, edition.sheet, hands, now)
    return announced


async def _publish_calendar(tx: Tx, sheet: Sheet, hands: Hands, now: datetime) -> list[Announced]:
    """State the calendar of a year as its next version, unless that is what is published."""
    held = {calendar.year: calendar for calendar in await store.read_calendars(tx)}
    calendar = next_calendar(sheet, held)
    if calendar is None:
        return []
    await store.add_calendar(tx, calendar, hands, now)
    await outbox.add(tx, [state(calendar, now, (), hands)])
    return [Announced(store.CALENDARS, str(calendar.year), calendar.version)]


async def publish_policies(tx: Tx, composed: Composed, hands: Hands, now: datetime) -> list[Announced]:
    """Keep and state those policies of a region that say something else than what is published."""
    since = min(one.policy.effective_from for one in composed.made)
    known = await store.read_since(tx, since, composed.region)
    announced = []
    for made in await asyncio.to_thread(changed, composed.made, known):
        policy = made.policy
        await store.add_policy(tx, made, hands, now)
        await outbox.add(tx, [state(policy, now, made.layers, hands)])
        announced.append(Announced(store.POLICIES, policy.region, policy.version, policy.effective_from))
    return announced


async def compositions(source: Tx | Database, new: Sequence[Edition], today: date) -> AsyncIterator[Composed]:
    """Compose the policies that new versions of files reach, one region after the other.

    Composing takes a processor some 20 ms a region, so it is done in a thread; no more than one region is in
    memory. Raises Unreadable with every reason where the files make no policy.
    """
    layers = [edition for edition in new if edition.sheet.kind != "calendar"]
    if not layers:
        return
    since = max(today, min(edition.sheet.effective_from for edition in layers))
    below = await _editions(source, since, None, layers)
    keys = [edition.sheet.key for edition in layers]
    own = {key for key in keys if key.startswith("region:")}
    for region in sorted({*await store.reached(source, keys), *own}):
        editions = below | await _editions(source, since, region, layers)
        made = await asyncio.to_thread(composed_since, editions, region, since)
        yield Composed(region.partition(":")[2], made)


async def _editions(
    source: Tx | Database, since: date, region: str | None, new: Sequence[Edition]
) -> dict[str, list[Edition]]:
    """Read the layers below all regions, or a region's own, with the new versions among them."""
    editions = defaultdict[str, list[Edition]](list)
    replaced = {one.sheet.key for one in new if one.sheet.effective_from <= since}
    for key, version, text in await store.read_editions(source, since, region):
        if key in replaced:
            continue  # nothing of it holds from that day on, and an older release may have written it
        editions[key].append(Edition(read_sheet(File(f"{key}, version {version}", text)), version))
    for edition in new:
        key = edition.sheet.key
        is_here = key == region if region else not key.startswith("region:")
        if is_here and all(held.version != edition.version for held in editions[key]):
            editions[key].append(edition)
    return dict(editions)
