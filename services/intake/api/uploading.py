"""Upload of papers, each a raw body of its own."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fastapi import APIRouter, Request

from services.intake import actions
from services.intake.api.door import Door
from services.intake.domain.papers import KINDS, MOST_BYTES
from shared.contracts.base import ContentHash, Value
from shared.errors import Unavailable

ROOM = 8 * MOST_BYTES
"""Bytes of uploads that may be in memory at one time."""

BODY: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in sorted(KINDS)},
    }
}

router = APIRouter()


class MaterialStored(Value):
    """What to put into a submission about an uploaded paper; `size` in bytes."""

    content_hash: ContentHash
    size: int
    content_type: str


class Room:
    """Counts the bytes of uploads under way, by what their senders declared."""

    def __init__(self, most: int = ROOM) -> None:
        self._most = most
        self._used = 0

    @contextmanager
    def reserve(self, size: int) -> Iterator[None]:
        """Hold room for one upload; Unavailable `uploads-busy` when there is none."""
        if self._used + size > self._most:
            raise Unavailable("uploads-busy", "too many uploads are under way", retry_after=2)
        self._used += size
        try:
            yield
        finally:
            self._used -= size


room = Room()


@router.post("/materials", status_code=201, operation_id="post_material", openapi_extra=BODY)
async def post_material(request: Request) -> MaterialStored:
    """Upload one PDF, JPEG, PNG or HEIC of at most 15 MiB; the answer names it by the hash of its content."""
    door: Door = request.app.state.door
    declared = request.headers.get("content-length", "")
    with room.reserve(int(declared) if declared.isdecimal() else MOST_BYTES):
        content = await request.body()
        call = await door.admit(request.scope, content, "intake.post_material")
        claimed = request.headers.get("content-type", "")
        stored = await actions.store_material(
            request.app.state.desk, content, claimed, call.channel.id, call.at
        )
    content_hash, material = stored
    return MaterialStored(content_hash=content_hash, size=material.size, content_type=material.content_type)
