"""How a published document is stated, and what it hashes to; pure."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from shared.contracts.base import Event
from shared.contracts.calendars import CalendarDocument
from shared.contracts.policies import CalendarPublished, LayerVersion, PolicyPublished, RegionPolicy

Document = RegionPolicy | CalendarDocument


@dataclass(frozen=True, slots=True)
class Hands:
    """Who wrote what is published and who published it; nobody for what came with the product."""

    written_by: str | None = None
    published_by: str | None = None


DELIVERED = Hands()


def state(
    document: Document, now: datetime, layers: Sequence[LayerVersion] = (), hands: Hands = DELIVERED
) -> Event:
    """State a version of a document, the layers it was made of, and the two people behind it."""
    if isinstance(document, RegionPolicy):
        return PolicyPublished(
            occurred_at=now,
            region=document.region,
            policy_version=document.version,
            content_hash=content_hash(document),
            document=document,
            layers=tuple(layers),
            written_by=hands.written_by,
            published_by=hands.published_by,
        )
    return CalendarPublished(
        occurred_at=now,
        year=document.year,
        calendar_version=document.version,
        content_hash=content_hash(document),
        document=document,
        written_by=hands.written_by,
        published_by=hands.published_by,
    )


def content_hash(document: Document) -> str:
    """Hash a document: SHA-256 over its values in a fixed order, without those a field has by itself."""
    values = document.model_dump(mode="json", exclude_defaults=True)
    text = json.dumps(values, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def text_hash(text: str) -> str:
    """Hash a policy file as it was written: SHA-256 over its UTF-8 bytes."""
    return hashlib.sha256(text.encode()).hexdigest()
