"""The object store of uploaded papers, each sealed under a key of its own."""

import asyncio
from uuid import UUID

from obstore.exceptions import BaseError, NotFoundError
from obstore.store import ObjectStore, from_url

from shared.errors import Unavailable
from shared.sealed_objects import decrypt, encrypt
from shared.sealing import DataKey

PROBE = "materials/probe"
PATIENCE = 20.0
"""Seconds that the object store may take for one paper."""


class Materials:
    """Keeps papers under the id of their key: what was written once is never written over."""

    def __init__(self, url: str) -> None:
        self._store: ObjectStore = from_url(url, mkdir=True) if url.startswith("file:") else from_url(url)

    async def keep(self, key: DataKey, content: bytes) -> None:
        """Store a paper sealed, whole or not at all; raises Unavailable `object-store-away`."""
        sealed = await asyncio.to_thread(_sealed, key, content)
        try:
            async with asyncio.timeout(PATIENCE):
                await self._store.put_async(place_of(key.key_id), sealed)
        except (BaseError, OSError) as error:
            raise Unavailable("object-store-away", "papers cannot be stored now", retry_after=5) from error

    async def read(self, key: DataKey) -> bytes:
        """Give a paper as it was uploaded; Unavailable `object-store-away`, Unsealable if it was altered."""
        try:
            async with asyncio.timeout(PATIENCE):
                found = await self._store.get_async(place_of(key.key_id))
                sealed = bytes(await found.bytes_async())
        except (BaseError, OSError) as error:
            raise Unavailable("object-store-away", "papers cannot be read now", retry_after=5) from error
        return await asyncio.to_thread(_opened, key, sealed)

    async def forget(self, key_id: UUID) -> None:
        """Delete a paper; one that is gone already is no fault."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._store.delete_async(place_of(key_id))
        except (NotFoundError, FileNotFoundError):
            return
        except (BaseError, OSError) as error:
            raise Unavailable("object-store-away", "papers cannot be deleted now", retry_after=5) from error

    async def ready(self) -> str | None:
        """None while the object store answers, else the reason: for /health/ready."""
        try:
            await self._store.head_async(PROBE)
        except (NotFoundError, FileNotFoundError):
            return None
        except (BaseError, OSError) as error:
            return f"the object store does not answer: {type(error).__name__}"
        return None


def place_of(key_id: UUID) -> str:
    """Where a paper lies: spread over 256 folders by the last byte of its key's id."""
    return f"materials/{key_id.hex[-2:]}/{key_id.hex}"


def _sealed(key: DataKey, content: bytes) -> bytes:
    return b"".join(encrypt(key, [content], place_of(key.key_id).encode()))


def _opened(key: DataKey, sealed: bytes) -> bytes:
    return b"".join(decrypt(key, [sealed], place_of(key.key_id).encode()))
