"""Drafts: a changed policy file is written, checked, compared, published by a second person or withdrawn."""

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from services.catalog import store
from services.catalog.actions.publishing import (
    Announced,
    Composed,
    compositions,
    publish_files,
    publish_policies,
)
from services.catalog.domain.checking import Report, check_made, unmade, whole_report
from services.catalog.domain.comparing import Difference, compare
from services.catalog.domain.composing import Edition
from services.catalog.domain.drafting import (
    Draft,
    PublishedSheet,
    Step,
    Taken,
    require_open,
    require_publishable,
)
from services.catalog.domain.places import File
from services.catalog.domain.publishing import Hands, text_hash
from services.catalog.domain.sheets import Sheet, calendar_of, read_sheet
from services.catalog.forms import faults
from shared.clock import shanghai_date
from shared.errors import Refused, Unreadable
from shared.postgres import Database, Tx

Then = Callable[[Composed], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Writing:
    """A policy file that somebody hands in, what they say about it, and the version they wrote it on."""

    file: File
    note: str
    by: str
    based_on: int | None = None


async def write_draft(database: Database, writing: Writing, now: datetime) -> Draft:
    """Keep a changed policy file as a draft; Refused `policy-unreadable` (422) with line and every reason."""
    sheet = await _read(writing.file)
    draft = Draft(
        draft_id=uuid7(),
        key=sheet.key,
        based_on=await _newest(database, sheet.key) if writing.based_on is None else writing.based_on,
        effective_from=sheet.effective_from,
        content_hash=text_hash(writing.file.text),
        note=writing.note,
        written_by=writing.by,
        written_at=now,
    )
    async with database.transaction() as tx:
        await store.add_draft(tx, draft, writing.file)
    return draft


async def find_draft(source: Database | Tx, draft_id: UUID) -> Draft:
    """Give a draft with its steps; Refused `draft-unknown` (404) if there is none."""
    found = await store.read_drafts(source, draft_id)
    if not found:
        raise Refused("draft-unknown", "there is no such draft", status=404)
    return found[0]


async def list_drafts(database: Database) -> Sequence[Draft]:
    """List the latest drafts, newest first."""
    return await store.read_drafts(database)


async def file_text(database: Database, key: str, version: int) -> str:
    """Give a published version of a policy file as written; Refused `file-unknown` (404) if there is none."""
    text = await store.read_text(database, key, version)
    if text is None:
        raise Refused("file-unknown", f"no version {version} of {key} is published", status=404)
    return text


async def check_draft(database: Database, draft_id: UUID, by: str, now: datetime) -> Report:
    """Check a draft with what is published; if it passes it may be published by somebody else."""
    draft = await find_draft(database, draft_id)
    require_open(draft)
    report = await check_file(database, await store.read_draft_file(database, draft_id), now)
    if report.passed:
        async with database.transaction() as tx:
            await store.take_step(tx, draft_id, Taken(Step.CHECKED, by, now))
    return report


async def check_file(source: Database | Tx, file: File, now: datetime) -> Report:
    """Check a file with what is published, and keep nothing."""
    sheet = await _read(file)
    return await _checked(source, Edition(sheet, await _newest(source, sheet.key) + 1), now)


async def _checked(
    source: Database | Tx, edition: Edition, now: datetime, then: Then | None = None
) -> Report:
    """Check a file region by region, and do what is to be done with each that passes."""
    sheet, today, reports = edition.sheet, shanghai_date(now), list[Report]()
    calendars = await store.read_calendars(source)
    try:
        async for composed in compositions(source, [edition], today):
            reports.append(await asyncio.to_thread(check_made, sheet, composed.made, calendars, faults))
            if then and reports[-1].passed:
                await then(composed)
    except Unreadable as error:
        reports.append(unmade(error))
    return whole_report(sheet, reports, calendars, today)


async def compare_draft(database: Database, draft_id: UUID) -> Sequence[Difference]:
    """Tell value by value what a draft changes in the file that it is based on."""
    draft = await find_draft(database, draft_id)
    sheet = await _read(await store.read_draft_file(database, draft_id))
    held = await store.read_text(database, draft.key, draft.based_on)
    before = read_sheet(File(draft.key, held)).values if held is not None else {}
    return compare(before, sheet.values)


async def publish_draft(database: Database, draft_id: UUID, by: str, now: datetime) -> list[Announced]:
    """Publish a draft that another wrote, in one transaction; tells the versions that it made.

    Refused `four-eyes`, `draft-unchecked`, `draft-outdated`, or `draft-fails` with every reason if what was
    published since its check no longer goes with it. Nobody else publishes meanwhile.
    """
    async with database.transaction() as tx:
        await store.lock(tx)
        draft = await find_draft(tx, draft_id)
        require_publishable(draft, await _newest(tx, draft.key), by)
        edition = Edition(await _read(await store.read_draft_file(tx, draft_id)), draft.based_on + 1)
        hands, announced = Hands(draft.written_by, by), list[Announced]()

        async def announce(composed: Composed) -> None:
            announced.extend(await publish_policies(tx, composed, hands, now))

        report = await _checked(tx, edition, now, announce)
        if not report.passed:
            raise Refused("draft-fails", "; ".join(report.errors), status=422)
        announced += await publish_files(tx, [edition], hands, now)
        await store.take_step(tx, draft_id, Taken(Step.PUBLISHED, by, now))
    return announced


async def withdraw_draft(database: Database, draft_id: UUID, by: str, now: datetime) -> Draft:
    """End the way of a draft that is not published."""
    async with database.transaction() as tx:
        await store.lock(tx)
        draft = await find_draft(tx, draft_id)
        require_open(draft)
        await store.take_step(tx, draft_id, Taken(Step.WITHDRAWN, by, now))
    return await find_draft(database, draft_id)


async def published_sheets(database: Database) -> Mapping[str, Sequence[PublishedSheet]]:
    """List the published versions of every policy file, by key, oldest first."""
    found = defaultdict[str, list[PublishedSheet]](list)
    for sheet in await store.read_sheets(database):
        found[sheet.key].append(sheet)
    return found


async def _newest(source: Database | Tx, key: str) -> int:
    return max((one.version for one in await store.read_sheets(source) if one.key == key), default=0)


async def _read(file: File) -> Sheet:
    try:
        sheet = await asyncio.to_thread(read_sheet, file)
        if sheet.kind == "calendar":
            calendar_of(sheet, 1)
    except Unreadable as error:
        raise Refused(error.code, error.detail, status=422) from None
    return sheet
