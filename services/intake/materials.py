"""The object store of uploaded papers, each under the SHA-256 of its content."""

import asyncio

from obstore.exceptions import AlreadyExistsError, BaseError, NotFoundError
from obstore.store import ObjectStore, from_url

from shared.errors import Unavailable

PROBE = "materials/probe"
PATIENCE = 20.0
"""Seconds that the object store may take for one paper."""


class Materials:
    """Keeps papers; the same content twice is one object."""

    def __init__(self, url: str) -> None:
        self._store: ObjectStore = from_url(url, mkdir=True) if url.startswith("file:") else from_url(url)

    async def keep(self, content_hash: str, content: bytes) -> None:
        """Store a paper, whole or not at all; raises Unavailable `object-store-away`."""
        try:
            async with asyncio.timeout(PATIENCE):
                await self._store.put_async(place_of(content_hash), content, mode="create")
        except AlreadyExistsError:
            return
        except (BaseError, OSError) as error:
            raise Unavailable("object-store-away", "papers cannot be stored now", retry_after=5) from error

    async def ready(self) -> str | None:
        """None while the object store answers, else the reason: for /health/ready."""
        try:
            await self._store.head_async(PROBE)
        except (NotFoundError, FileNotFoundError):
            return None
        except (BaseError, OSError) as error:
            return f"the object store does not answer: {type(error).__name__}"
        return None


def place_of(content_hash: str) -> str:
    """Where a paper lies: spread over 256 folders by the first byte of its hash."""
    return f"materials/{content_hash[:2]}/{content_hash}"
