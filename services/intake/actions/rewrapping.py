"""A new master key: every data key is wrapped anew, and no event is touched."""

from services.intake.actions.desk import Desk
from services.intake.store import leaving as archive
from services.intake.store import materials as uploads
from services.intake.store import person_keys as store
from shared import outbox
from shared.postgres import Tx

CHUNK = 500
"""Keys per transaction, so that nobody waits for long."""


async def rewrap_keys(desk: Desk) -> int:
    """Bring all data keys under the current master key; gives how many were not. Readers are told."""
    count = 0
    while found := await _rewrap_some(desk):
        count += found
    return count


async def _rewrap_some(desk: Desk) -> int:
    async with desk.database.transaction() as tx:
        return await _persons(tx, desk) or await _papers(tx, desk) or await _archived(tx, desk)


async def _persons(tx: Tx, desk: Desk) -> int:
    rows = await store.lock_keys_under_others(tx, desk.keys.master, CHUNK)
    wrapped = await desk.keys.rewrap([row.key for row in rows])
    await store.save_keys(tx, wrapped)
    await outbox.add(tx, [store.key_stated(row, key) for row, key in zip(rows, wrapped, strict=True)])
    return len(rows)


async def _papers(tx: Tx, desk: Desk) -> int:
    keys = await uploads.lock_keys_under_others(tx, desk.keys.master, CHUNK)
    await uploads.save_keys(tx, await desk.keys.rewrap(keys))
    return len(keys)


async def _archived(tx: Tx, desk: Desk) -> int:
    keys = await archive.lock_keys_under_others(tx, desk.keys.master, CHUNK)
    await archive.save_keys(tx, await desk.keys.rewrap(keys))
    return len(keys)
