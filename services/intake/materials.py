"""The object store of uploaded papers, each sealed under a key of its own."""

import asyncio
from hashlib import sha256
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

    async def read(self, key: DataKey, archive_of: UUID | None = None) -> bytes:
        """Give a paper as it was uploaded, also out of an application's archive.

        Raises Unavailable `object-store-away`, Unsealable if it was altered.
        """
        place = archive_place(archive_of, key.key_id) if archive_of else place_of(key.key_id)
        try:
            sealed = await self._get(place)
        except (BaseError, OSError) as error:
            raise Unavailable("object-store-away", "papers cannot be read now", retry_after=5) from error
        return await asyncio.to_thread(_opened, key, sealed)

    async def archive(self, key_id: UUID, application_id: UUID) -> str | None:
        """Copy a sealed paper into an application's archive; its SHA-256 in hex, None for no paper."""
        try:
            sealed = await self._get(place_of(key_id))
            async with asyncio.timeout(PATIENCE):
                await self._store.put_async(archive_place(application_id, key_id), sealed)
        except (NotFoundError, FileNotFoundError):
            return None
        except (BaseError, OSError) as error:
            raise Unavailable("object-store-away", "papers cannot be archived now", retry_after=5) from error
        return sha256(sealed).hexdigest()

    async def describe_archive(self, application_id: UUID, manifest: bytes) -> None:
        """Write the manifest of an application's archive; raises Unavailable `object-store-away`."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._store.put_async(manifest_place(application_id), manifest)
        except (BaseError, OSError) as error:
            raise Unavailable("object-store-away", "papers cannot be archived now", retry_after=5) from error

    async def forget(self, place: str) -> None:
        """Delete what lies in a place; what is gone already is no fault."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._store.delete_async(place)
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

    async def _get(self, place: str) -> bytes:
        async with asyncio.timeout(PATIENCE):
            found = await self._store.get_async(place)
            return bytes(await found.bytes_async())


def place_of(key_id: UUID) -> str:
    """Where a paper lies: spread over 256 folders by the last byte of its key's id."""
    return f"materials/{key_id.hex[-2:]}/{key_id.hex}"


def archive_place(application_id: UUID, key_id: UUID) -> str:
    """Where a paper lies in the archive of an application."""
    return f"archive/{application_id}/{key_id.hex}"


def manifest_place(application_id: UUID) -> str:
    """Where the manifest of an application's archive lies."""
    return f"archive/{application_id}/manifest.json"


def _sealed(key: DataKey, content: bytes) -> bytes:
    return b"".join(encrypt(key, [content], place_of(key.key_id).encode()))


def _opened(key: DataKey, sealed: bytes) -> bytes:
    return b"".join(decrypt(key, [sealed], place_of(key.key_id).encode()))
