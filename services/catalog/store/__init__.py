"""Every SQL statement of catalog."""

from services.catalog.store.documents import (
    CALENDARS,
    POLICIES,
    Version,
    add_calendar,
    add_policy,
    count_documents,
    lock,
    read_calendars,
    read_document,
    read_since,
    read_versions,
)
from services.catalog.store.sheets import (
    add_draft,
    add_sheet,
    count_sheets,
    read_draft_file,
    read_drafts,
    read_editions,
    read_sheets,
    read_text,
    take_step,
)

__all__ = [
    "CALENDARS",
    "POLICIES",
    "Version",
    "add_calendar",
    "add_draft",
    "add_policy",
    "add_sheet",
    "count_documents",
    "count_sheets",
    "lock",
    "read_calendars",
    "read_document",
    "read_draft_file",
    "read_drafts",
    "read_editions",
    "read_sheets",
    "read_since",
    "read_text",
    "read_versions",
    "take_step",
]
