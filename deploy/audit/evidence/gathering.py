"""What an application left on the bus, as it was published."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, cast
from uuid import UUID

from confluent_kafka import Message

from deploy.audit.following import Tip
from deploy.audit.history import ABOUT_APPLICATIONS
from deploy.audit.reading import link_of, records_of, spans_of
from shared.chain import ChainCheck, Link
from shared.errors import Refused
from shared.publishing import partition_of

LOOK = "run `mente audit verify` to see what is wrong"


@dataclass(frozen=True, slots=True)
class Published:
    """An event of the application with all of its headers, in their order."""

    link: Link
    headers: tuple[tuple[str, str], ...]

    @property
    def place(self) -> str:
        """Where it stands in a pack, below a folder."""
        return f"{self.link.topic}/{self.link.sequence:06d}.json"

    @property
    def facts(self) -> dict[str, Any]:
        """What the body says."""
        return cast("dict[str, Any]", json.loads(self.link.body))

    def stored(self) -> bytes:
        """The event as a file of a pack; its body as base64."""
        body = base64.b64encode(self.link.body).decode()
        told = {"topic": self.link.topic, "key": self.link.key, "headers": self.headers, "body": body}
        return json.dumps(told, ensure_ascii=False, indent=1).encode()


def published_about(
    kafka: str, application_id: UUID, topics: Sequence[str] = ABOUT_APPLICATIONS
) -> list[Published]:
    """Every event of an application by topic and number; raises KafkaSilent, Refused `chain-broken`."""
    key, check, found = str(application_id), ChainCheck(), dict[str, Published]()
    spans = spans_of(kafka, topics)
    count = {name: sum(span.topic == name for span in spans) for name in topics}
    there = [span for span in spans if span.partition == partition_of(key, count[span.topic])]
    for batch in records_of(kafka, there):
        for message in batch:
            if message.key() != key.encode():
                continue
            link = link_of(message)
            if link is None or check.take(link):
                raise Refused("chain-broken", f"the log of this application was altered: {LOOK}")
            found.setdefault(link.event_id, Published(link, _headers(message)))
    return sorted(found.values(), key=lambda one: (one.link.topic, one.link.sequence))


def require_whole(found: Sequence[Published], tips: Iterable[Tip]) -> None:
    """Refuse `chain-broken` unless the events reach what their writers say, and end alike."""
    hashes = {(one.link.topic, one.link.key, one.link.sequence): one.link.hash for one in found}
    keys = {one.link.key for one in found}
    for tip in tips:
        if tip.key in keys and hashes.get((tip.topic, tip.key, tip.sequence)) != tip.hash:
            detail = f"{tip.topic} does not hold event {tip.sequence} as its writer knows it: {LOOK}"
            raise Refused("chain-broken", detail)


def _headers(message: Message) -> tuple[tuple[str, str], ...]:
    pairs = cast("list[tuple[str, bytes]]", message.headers() or [])
    return tuple((name, value.decode()) for name, value in pairs)
