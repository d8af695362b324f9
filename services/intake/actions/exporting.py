"""An application's private parts are opened for an evidence pack: asked for by one, agreed to by another."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from services.intake.actions.desk import Desk
from services.intake.domain.exporting import Export, Filed, require_other
from services.intake.store import exporting as store
from shared.errors import Refused
from shared.looks import Look
from shared.sealing import DataKey


@dataclass(frozen=True, slots=True)
class Wanted:
    """Who asks for which application's evidence, opened, and why."""

    application_id: UUID
    reason: str
    by: str


@dataclass(frozen=True, slots=True)
class Opening:
    """The keys that open one application: that of its person, and of its papers by their names in hex."""

    export: Export
    key: DataKey
    papers: Mapping[str, DataKey]


async def ask_to_export(desk: Desk, export_id: UUID, wanted: Wanted, now: datetime) -> Export:
    """Ask for the keys of an application; nobody gets them before another member of staff agrees.

    Raises Refused `application-unknown` (404), or `person-erased`.
    """
    export = Export(export_id, wanted.application_id, wanted.reason, wanted.by, now)
    await _key_of(desk, await _filed(desk, wanted.application_id))
    async with desk.database.transaction() as tx:
        await store.add_export(tx, export)
    return export


async def agree_to_export(desk: Desk, export_id: UUID, look: Look, now: datetime) -> Opening:
    """Agree, and get the keys, once.

    Whose look it is agrees; the look learns which application is opened and why, also where that is refused.

    Raises Refused `export-unknown` (404), `four-eyes` when the same person agrees who asked,
    `export-done`, or `person-erased`.
    """
    async with desk.database.transaction() as tx:
        export = await store.find_export(tx, export_id)
        if export is None:
            raise Refused("export-unknown", "nobody asked for this export", status=404)
        look.applications, look.reason = [export.application_id], export.reason
        require_other(export, look.actor)
        filed = await _filed(desk, export.application_id)
        wrapped = await store.paper_keys(tx, export.application_id, filed.papers)
        papers = {name: await desk.keys.unwrap(key) for name, key in wrapped.items()}
        key = await _key_of(desk, filed)
        await store.add_approval(tx, export, look.actor, now)
    return Opening(export, key, papers)


async def _filed(desk: Desk, application_id: UUID) -> Filed:
    filed = await store.filed(desk.database, application_id)
    if filed is None:
        raise Refused("application-unknown", "no such application is known", status=404)
    return filed


async def _key_of(desk: Desk, filed: Filed) -> DataKey:
    keys = await desk.keys.of_persons(desk.database, [filed.person_id])
    if filed.person_id not in keys:
        raise Refused("person-erased", "the key of this person is gone: only a masked pack can be made")
    return keys[filed.person_id]
