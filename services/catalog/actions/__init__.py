"""What catalog does: deliver and publish policy files, lead drafts to publication, read what is published."""

from services.catalog.actions.drafting import (
    Writing,
    check_draft,
    check_file,
    compare_draft,
    file_text,
    find_draft,
    list_drafts,
    publish_draft,
    published_sheets,
    withdraw_draft,
    write_draft,
)
from services.catalog.actions.publishing import deliver
from services.catalog.actions.reading import Shelf

__all__ = [
    "Shelf",
    "Writing",
    "check_draft",
    "check_file",
    "compare_draft",
    "deliver",
    "file_text",
    "find_draft",
    "list_drafts",
    "publish_draft",
    "published_sheets",
    "withdraw_draft",
    "write_draft",
]
