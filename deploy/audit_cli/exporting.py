"""`mente audit export`: one application as evidence for people outside."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from deploy.audit.reading import KafkaSilent
from deploy.audit_cli.running import AUDITOR, fail, private_key, running_stack
from deploy.local.stack import Stack
from shared.errors import Refused, Unavailable, Unreadable

if TYPE_CHECKING:
    from uuid import UUID

    from deploy.audit.checkpointing import Signer
    from deploy.audit.evidence.gathering import Published
    from deploy.audit.evidence.opening import Permission
    from deploy.audit.evidence.proving import Proven


Why = Annotated[
    str,
    typer.Option(
        metavar="REASON",
        help="Open private parts and papers, and add the person's data key. Why is kept for ever, so it "
        "names nobody.",
    ),
]
Agreed = Annotated[
    str,
    typer.Option(
        metavar="WHO", help="Who else agrees: a supervisor or an auditor; without, it is only asked for."
    ),
]


def export(
    application: Annotated[str, typer.Argument(help="The application's id or its acceptance number.")],
    out: Annotated[
        str, typer.Option(metavar="FILE", help="Where to write it; else evidence-ID.zip, here.")
    ] = "",
    unmasked: Why = "",
    by: Annotated[str, typer.Option(help="Who asks to open them: an operator or an auditor.")] = "operator",
    agreed: Agreed = "",
) -> None:
    """Write an evidence pack: a ZIP with all events of one application and the proof that none was changed.

    A court's expert checks it with the script verify.py inside, without this system.
    Events that no checkpoint covers yet get one first.
    Personal data stay sealed in it, unless --unmasked opens them.
    That is asked for by one member of staff with a reason, and agreed to by another; both are kept on record.
    """
    from deploy.audit.history import application_id_of

    stack = running_stack()
    try:
        identity = asyncio.run(application_id_of(stack, application))
        file = _free(out or f"evidence-{identity}.zip")
        permission = _permission(identity, (unmasked, by, agreed)) if unmasked else None
        if unmasked and permission is None:
            return
        content = _packed(stack, identity, permission)
    except (KafkaSilent, Refused, Unavailable, Unreadable) as why:
        fail(str(why))
    try:
        file.touch(mode=0o600)
        file.write_bytes(content)
    except OSError as why:
        fail(f"{file} cannot be written: {why.strerror}")
    _tell(stack, file, opened=permission is not None)


def _free(name: str) -> Path:
    file = Path(name)
    if file.exists():
        fail(f"{file} is there already: name another --out")
    if not file.parent.is_dir():
        fail(f"there is no folder {file.parent}: name another --out")
    return file


def _tell(stack: Stack, file: Path, *, opened: bool) -> None:
    from deploy.audit.evidence.packing import public_pem

    fingerprint = sha256(public_pem(private_key(stack).public_key())).hexdigest()
    parts = "opened, with the person's data key: keep it locked away" if opened else "sealed"
    typer.echo(f"{file}: private parts {parts}")
    typer.echo("Give the fingerprint of the signing key to whoever checks it, by another way than the pack:")
    typer.echo(f"python -I verify.py {file.name} --fingerprint {fingerprint}")


def _packed(stack: Stack, identity: UUID, permission: Permission | None) -> bytes:
    from deploy.audit.checkpointing import Signer
    from deploy.audit.evidence.gathering import published_about, require_whole
    from deploy.audit.evidence.opening import opened_files
    from deploy.audit.evidence.packing import Evidence, pack
    from deploy.audit.evidence.papers import papers_of
    from deploy.audit.history import ABOUT_APPLICATIONS
    from deploy.audit.tips import published_tips

    signer = Signer(AUDITOR, private_key(stack))
    tips = asyncio.run(published_tips(stack, ABOUT_APPLICATIONS))
    events = published_about(stack.kafka, identity)
    if not events:
        fail(f"nothing about {identity} is on the bus")
    require_whole(events, tips)
    papers = asyncio.run(papers_of(stack, events))
    topics = sorted({event.link.topic for event in events})
    proven = {
        topic: _proven(stack, topic, signer, [one for one in events if one.link.topic == topic])
        for topic in topics
    }
    opened = opened_files(events, papers, permission) if permission else {}
    return pack(Evidence(events, papers, proven, opened), signer, datetime.now(UTC))


def _proven(stack: Stack, topic: str, signer: Signer, events: Sequence[Published]) -> Proven:
    """The proofs of a topic's events, after a checkpoint if one of them has none yet."""
    from deploy.audit.archive import Archive
    from deploy.audit.checkpointing import take_checkpoint
    from deploy.audit.evidence.proving import prove

    archive = Archive(stack.object_store_url, topic)
    taken = take_checkpoint(stack.kafka, archive, signer, datetime.now(UTC))
    if taken:
        typer.echo(f"{topic}: checkpoint {taken.number} was signed, of {taken.size} events")
    return prove(archive, events, {signer.name: signer.key.public_key()})


def _permission(identity: UUID, asking: tuple[str, str, str]) -> Permission | None:
    """The keys, once two people agreed; None while the second has not."""
    from deploy.audit.evidence.opening import permission_of
    from deploy.staff_calls import StaffCalls

    reason, by, agreed = asking
    with StaffCalls() as calls:
        asked = calls.post(by, "/exports", application_id=str(identity), reason=reason)
        typer.echo(f"{asked['asked_by']} asked for the export {asked['export_id']}.")
        if not agreed:
            typer.echo("Nothing is opened yet: say who agrees with --agreed.")
            return None
        answer = calls.post(agreed, f"/exports/{asked['export_id']}/approval")
    typer.echo(f"{answer['approved_by']} agreed.")
    told = {name: asked[name] for name in ("export_id", "asked_by", "asked_at")}
    return permission_of(answer, {**told, "approved_by": answer["approved_by"], "reason": reason})
