"""The papers of an application: sealed as they lie in the object store, or opened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any
from uuid import UUID

import asyncpg
from obstore.exceptions import BaseError, NotFoundError
from obstore.store import ObjectStore, from_url

from deploy.audit.evidence.gathering import Published
from deploy.local.stack import Stack
from services.intake.materials import archive_place, place_of
from shared.errors import Refused, Unavailable
from shared.postgres import AWAY
from shared.sealed_objects import decrypt
from shared.sealing import DataKey, Unsealable

KEY_IDS = """
SELECT encode(name, 'hex') AS name, key_id, false AS is_archived FROM materials
WHERE name = ANY($1::bytea[])
UNION ALL
SELECT encode(name, 'hex'), key_id, archived_at IS NOT NULL FROM archived_papers WHERE application_id = $2
ORDER BY is_archived"""
ENDINGS = {"application/pdf": "pdf", "image/jpeg": "jpg", "image/png": "png", "image/heic": "heic"}


@dataclass(frozen=True, slots=True)
class SealedPaper:
    """A paper as the events name it, and its sealed content; None for one that was erased."""

    facts: Mapping[str, Any]
    content: bytes | None

    def listed(self) -> dict[str, Any]:
        """What a pack says of it: the hash of its sealed form, None after an erasure."""
        content = self.content
        return {**self.facts, "sealed_sha256": None if content is None else sha256(content).hexdigest()}

    def opened(self, key: DataKey) -> tuple[str, bytes]:
        """Its name in a pack, and what was handed in; raises Refused `paper-altered`."""
        try:
            content = b"".join(decrypt(key, [self.content or b""], place_of(key.key_id).encode()))
        except Unsealable:
            raise Refused("paper-altered", f"the paper {self.facts['name']} does not open any more") from None
        return f"{self.facts['name']}.{ENDINGS.get(self.facts['content_type'], 'bin')}", content


async def papers_of(stack: Stack, events: Sequence[Published]) -> list[SealedPaper]:
    """Every paper that the events name, once; raises Refused `database-away`, Unavailable."""
    application_id = UUID(events[0].link.key)
    named = {paper["name"]: paper for event in events for paper in event.facts.get("materials", ())}
    try:
        connection = await asyncpg.connect(stack.database_as_admin("intake"), timeout=5)
    except AWAY:
        raise Refused("database-away", "intake's database does not answer") from None
    try:
        rows = await connection.fetch(KEY_IDS, [bytes.fromhex(name) for name in named], application_id)
    finally:
        await connection.close()
    places = {
        row["name"]: archive_place(application_id, row["key_id"])
        if row["is_archived"]
        else place_of(row["key_id"])
        for row in rows
    }
    store: ObjectStore = from_url(stack.object_store_url)
    return [
        SealedPaper(facts, _content(store, places[name]) if name in places else None)
        for name, facts in named.items()
    ]


def _content(store: ObjectStore, place: str) -> bytes | None:
    try:
        return bytes(store.get(place).bytes())
    except (NotFoundError, FileNotFoundError):
        return None
    except BaseError as error:
        raise Unavailable("object-store-away", "the object store does not answer") from error
