"""Papers leave: their keys in one transaction, their objects after it; the next finds what is left."""

import json
from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

import structlog

from services.intake.actions.desk import Desk
from services.intake.materials import archive_place, place_of
from services.intake.store import leaving as store
from services.intake.store.leaving import Archived, Leaving
from shared.postgres import Tx

PAPERS, ARCHIVES, OBJECTS = 500, 10, 500
"""How many are handled at once."""

log = structlog.get_logger()


async def let_papers_go(desk: Desk, now: datetime) -> Counter[str]:
    """Take some papers that are leaving, put some in archives and delete some objects; what was done.

    Raises Unavailable `object-store-away`; what was done until then stays done.
    """
    counts = await _take(desk)
    counts["archived_papers"] = await _archive(desk, now)
    counts["deleted_objects"] = await delete_objects(desk, await store.leftovers(desk.database, OBJECTS))
    return counts


async def delete_objects(desk: Desk, objects: Sequence[str]) -> int:
    """Delete what opens no more from the object store; how many. Raises Unavailable `object-store-away`."""
    deleted: list[str] = []
    try:
        for place in objects:
            await desk.materials.forget(place)
            deleted.append(place)
    finally:
        await store.cross_off(desk.database, deleted)
    return len(deleted)


async def _take(desk: Desk) -> Counter[str]:
    async with desk.database.transaction() as tx:
        erased, used = await _take_unused(tx, await store.lock_leaving(tx, PAPERS))
    return Counter(erased_papers=len(erased), papers_in_use=used)


async def take_everything(tx: Tx) -> list[str]:
    """Take all papers that are leaving, whoever handed them in; the objects that are now to be deleted.

    Whose papers they were is not known any more; somebody who is handing one in at this moment keeps it.
    """
    erased, _ = await _take_unused(tx, await store.lock_leaving(tx))
    return erased


async def _take_unused(tx: Tx, found: Sequence[Leaving]) -> tuple[list[str], int]:
    """The objects of what is erased, and how many papers stay because an application names them."""
    used = await store.in_use(tx, [paper.name for paper in found]) if found else set()
    gone = [paper for paper in found if paper.name not in used]
    erased = [place_of(paper.key_id) for paper in gone if paper.archive_of is None]
    await store.stay(tx, used)
    await store.take(tx, [paper.name for paper in gone])
    await store.add_leftovers(tx, erased)
    return erased, len(used)


async def _archive(desk: Desk, now: datetime) -> int:
    count = 0
    for _ in range(ARCHIVES):
        application_id = await store.unfinished_archive(desk.database)
        if application_id is None:
            break
        count += await _archive_one(desk, application_id, now)
    return count


async def _archive_one(desk: Desk, application_id: UUID, now: datetime) -> int:
    """Copy first, then describe, then note: ended in between, all of it is done again."""
    papers = await store.archived_of(desk.database, application_id)
    hashes: dict[UUID, str | None] = {}
    for paper in papers:
        if paper.archived_at is None:
            hashes[paper.key_id] = await desk.materials.archive(paper.key_id, application_id)
            if hashes[paper.key_id] is None:
                log.error("paper-missing", key_id=str(paper.key_id), application_id=str(application_id))
    manifest = _manifest(application_id, papers, hashes, now)
    await desk.materials.describe_archive(application_id, manifest)
    async with desk.database.transaction() as tx:
        done = await store.finish(tx, hashes, now)
        still = {paper.key_id for paper in await store.archived_of(tx, application_id)}
        await store.add_leftovers(tx, [place_of(key_id) for key_id in done])
        # Erased meanwhile: the copy opens for nobody.
        await store.add_leftovers(tx, [archive_place(application_id, one) for one in hashes.keys() - still])
    return len(done)


def _manifest(
    application_id: UUID, papers: Sequence[Archived], hashes: dict[UUID, str | None], now: datetime
) -> bytes:
    """What lies in an archive: no word of a person, hashes of the sealed papers as they lie there."""
    listed = [
        {
            "object": archive_place(application_id, paper.key_id),
            "sealed_sha256": hashes.get(paper.key_id, paper.sealed_hash),
            "name": paper.name.hex(),
            "size": paper.size,
            "content_type": paper.content_type,
            "stored_at": paper.stored_at.isoformat(),
            "archived_at": (paper.archived_at or now).isoformat(),
        }
        for paper in papers
    ]
    return json.dumps({"application_id": str(application_id), "papers": listed}, indent=1).encode()
