"""Papers, kept sealed in the object store."""

import asyncio
from datetime import datetime
from hashlib import sha256

from services.intake.actions.desk import Desk
from services.intake.domain import papers
from services.intake.domain.validating import StoredMaterial
from services.intake.materials import place_of
from services.intake.store import materials as uploads
from services.intake.store.materials import Upload


async def store_material(
    desk: Desk, content: bytes, claimed: str, channel: str, now: datetime
) -> tuple[str, StoredMaterial]:
    """Keep an uploaded paper under the SHA-256 of its content; the same again stays as it is.

    Raises Refused for a file that is empty, over 15 MiB, of another type or not what it claims to be.
    """
    papers.require_size(len(content))
    kind = papers.require_agreement(claimed, content[: papers.ENOUGH_TO_TELL])
    digest = (await asyncio.to_thread(sha256, content)).hexdigest()
    name, material = papers.name_of(desk.lookup_key, digest), StoredMaterial(len(content), kind)
    if not await uploads.upload_again(desk.database, name, now):
        key, wrapped = await desk.keys.draw()
        await desk.materials.keep(key, content)
        if not await uploads.add_material(desk.database, name, Upload(material, channel, now, wrapped)):
            await desk.materials.forget(place_of(key.key_id))  # the same paper came twice at once
    return digest, material
