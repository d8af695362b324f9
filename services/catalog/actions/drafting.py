"""Drafts: a changed policy file is written, checked, compared, published by a second person or withdrawn."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import UUID

from uuid_utils.compat import uuid7

from services.catalog import store
from services.catalog.actions.publishing import TRIES, prepare, publish, published_editions
from services.catalog.domain.checking import Report, check
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
from services.catalog.forms import blank_form
from shared.clock import shanghai_date
from shared.contracts.base import Event
from shared.errors import Refused, Unavailable, Unreadable
from shared.postgres import Database


@dataclass(frozen=True, slots=True)
class Writing:
    """A policy file that somebody hands in, and what they say about the change."""

    file: File
    note: str
    by: str


async def write_draft(database: Database, writing: Writing, now: datetime) -> Draft:
    """Keep a changed policy file as a draft; Refused `policy-unreadable` (422) with line and every reason."""
    sheet = _read(writing.file)
    versions = [one.version for one in await store.read_sheets(database) if one.key == sheet.key]
    draft = Draft(
        draft_id=uuid7(),
        key=sheet.key,
        based_on=max(versions, default=0),
        effective_from=sheet.effective_from,
        content_hash=text_hash(writing.file.text),
        note=writing.note,
        written_by=writing.by,
        written_at=now,
    )
    async with database.transaction() as tx:
        await store.add_draft(tx, draft, writing.file)
    return draft


async def find_draft(database: Database, draft_id: UUID) -> Draft:
    """Give a draft with its steps; Refused `draft-unknown` (404) if there is none."""
    found = await store.read_drafts(database, draft_id)
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


async def check_file(database: Database, file: File, now: datetime) -> Report:
    """Check a file with what is published, and keep nothing."""
    sheet = _read(file)
    today = shanghai_date(now)
    editions = await _editions_with(database, sheet, today)
    calendars = await store.read_calendars(database)
    report = await asyncio.to_thread(check, sheet, editions, calendars, today)
    if sheet.kind == "region" and report.passed:
        return replace(report, errors=await asyncio.to_thread(_form_errors, report))
    return report


def _form_errors(report: Report) -> tuple[str, ...]:
    errors = []
    for policy in report.policies:
        try:
            blank_form(policy)
        except Unreadable as error:
            errors.append(f"the blank form: {error.detail}")
    return tuple(errors)


async def compare_draft(database: Database, draft_id: UUID) -> Sequence[Difference]:
    """Tell value by value what a draft changes in the file that it is based on."""
    draft = await find_draft(database, draft_id)
    sheet = _read(await store.read_draft_file(database, draft_id))
    held = await store.read_text(database, draft.key, draft.based_on)
    before = read_sheet(File(draft.key, held)).values if held is not None else {}
    return compare(before, sheet.values)


async def publish_draft(database: Database, draft_id: UUID, by: str, now: datetime) -> Sequence[Event]:
    """Publish a draft that another wrote; gives what is stated about it.

    Refused `four-eyes`, `draft-unchecked`, `draft-outdated`, or `draft-fails` with every reason if what was
    published since its check no longer goes with it.
    """
    for _ in range(TRIES):
        draft = await find_draft(database, draft_id)
        require_publishable(draft, await _newest(database, draft.key), by)
        file = await store.read_draft_file(database, draft_id)
        await _require_passing(database, file, now)
        edition = Edition(_read(file), draft.based_on + 1)
        publication = await prepare(database, [edition], Hands(draft.written_by, by))
        async with database.transaction() as tx:
            if (events := await publish(tx, publication, now)) is not None:
                await store.take_step(tx, draft_id, Taken(Step.PUBLISHED, by, now))
                return events
    raise Unavailable("publication-raced", "others publish at the same time; try again")


async def withdraw_draft(database: Database, draft_id: UUID, by: str, now: datetime) -> Draft:
    """End the way of a draft that is not published."""
    async with database.transaction() as tx:
        await store.lock(tx)
        draft = await find_draft(database, draft_id)
        require_open(draft)
        await store.take_step(tx, draft_id, Taken(Step.WITHDRAWN, by, now))
    return await find_draft(database, draft_id)


async def published_sheets(database: Database) -> Mapping[str, Sequence[PublishedSheet]]:
    """List the published versions of every policy file, by key, oldest first."""
    found = defaultdict[str, list[PublishedSheet]](list)
    for sheet in await store.read_sheets(database):
        found[sheet.key].append(sheet)
    return found


async def _require_passing(database: Database, file: File, now: datetime) -> None:
    report = await check_file(database, file, now)
    if not report.passed:
        raise Refused("draft-fails", "; ".join(report.errors), status=422)


async def _editions_with(database: Database, sheet: Sheet, today: date) -> dict[str, list[Edition]]:
    if sheet.kind == "calendar":
        return {}
    editions = await published_editions(database, min(today, sheet.effective_from))
    held = editions[sheet.key]
    held.append(Edition(sheet, max((edition.version for edition in held), default=0) + 1))
    return editions


async def _newest(database: Database, key: str) -> int:
    return max((one.version for one in await store.read_sheets(database) if one.key == key), default=0)


def _read(file: File) -> Sheet:
    try:
        sheet = read_sheet(file)
        if sheet.kind == "calendar":
            calendar_of(sheet, 1)
    except Unreadable as error:
        raise Refused(error.code, error.detail, status=422) from None
    return sheet
