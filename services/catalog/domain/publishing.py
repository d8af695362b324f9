"""When a document is new and is stated, and when it may not be; pure."""

import hashlib
import json
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.base import Event
from shared.contracts.calendars import CalendarDocument
from shared.contracts.policies import CalendarPublished, PolicyPublished, RegionPolicy
from shared.errors import Refused

Document = RegionPolicy | CalendarDocument


@dataclass(frozen=True, slots=True)
class Head:
    """The newest published version of a document; version 0 before the first."""

    version: int
    content_hash: str


def publish(document: Document, head: Head, now: datetime) -> list[Event]:
    """State a version that is newer than the published one; an older or equal one states nothing.

    Raises Refused `version-not-raised` when the content of the published version was changed.
    """
    content = content_hash(document)
    if document.version == head.version and content != head.content_hash:
        raise Refused(
            "version-not-raised",
            f"{name_of(document)} was changed but still calls itself version {document.version}, "
            "which is published with other content; raise its version",
        )
    if document.version <= head.version:
        return []
    return [_event(document, content, now)]


def content_hash(document: Document) -> str:
    """Hash a document: SHA-256 over its values in a fixed order, without those a field has by itself."""
    values = document.model_dump(mode="json", exclude_defaults=True)
    text = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def name_of(document: Document) -> str:
    """Name a document in a sentence."""
    if isinstance(document, RegionPolicy):
        return f"the policy of {document.region}"
    return f"the calendar of {document.year}"


def _event(document: Document, content: str, now: datetime) -> Event:
    if isinstance(document, RegionPolicy):
        return PolicyPublished(
            occurred_at=now,
            region=document.region,
            policy_version=document.version,
            content_hash=content,
            document=document,
        )
    return CalendarPublished(
        occurred_at=now,
        year=document.year,
        calendar_version=document.version,
        content_hash=content,
        document=document,
    )
