"""`mente audit export`: one application as evidence for people outside."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from uuid import UUID

import typer

from deploy.audit.reading import KafkaSilent
from deploy.audit_cli.running import AUDITOR, fail, private_key, running_stack
from deploy.local.stack import Stack
from deploy.staff_calls import Agreeing, AskedId, StaffCalls, tell_second
from shared.errors import Refused, Unavailable, Unreadable

if TYPE_CHECKING:
    from deploy.audit.checkpointing import Signer
    from deploy.audit.evidence.gathering import Published
    from deploy.audit.evidence.opening import Permission
    from deploy.audit.evidence.proving import Proven


Out = Annotated[str, typer.Option(metavar="FILE", help="Where to write it; else evidence-ID.zip, here.")]
Unmasked = Annotated[
    str,
    typer.Option(
        metavar="REASON",
        help="Ask that private parts and papers are opened, with the person's data key. Why is kept for "
        "ever, so it names nobody.",
    ),
]


def export(
    application: Annotated[str, typer.Argument(help="The application's id or its acceptance number.")],
    out: Out = "",
    unmasked: Unmasked = "",
    by: Annotated[
        str, typer.Option(metavar="WHO", help="Who asks to open them: an operator or an auditor.")
    ] = "operator",
) -> None:
    """Write an evidence pack: a ZIP with all events of one application and the proof that none was changed.

    A court's expert checks it with the script verify.py inside, without this system.
    Events that no checkpoint covers yet get one first.
    Personal data stay sealed in it. With --unmasked nothing is written: it is asked that they are opened, and
    somebody else, who agrees with `mente audit approve`, gets that pack. Both are kept on record.
    """
    from deploy.audit.history import application_id_of

    stack = running_stack()
    try:
        identity = asyncio.run(application_id_of(stack, application))
        if unmasked:
            _ask(identity, unmasked, by)
        else:
            _write(stack, identity, _free(out or f"evidence-{identity}.zip"), None)
    except (KafkaSilent, Refused, Unavailable, Unreadable) as why:
        fail(str(why))


def approve(export_id: AskedId, by: Agreeing, out: Out = "") -> None:
    """Agree that an application's private parts are opened, and write the evidence pack with them.

    Intake gives the keys out once: what ends it after that has to be asked for anew.
    """
    from deploy.audit.evidence.opening import permission_of

    stack, file = running_stack(), _free(out or f"evidence-{export_id}.zip")
    with StaffCalls() as calls:
        answer = calls.post(by, f"/exports/{export_id}/approval")
    typer.echo(f"{answer['approved_by']} agreed.")
    record = {name: answer[name] for name in ("export_id", "asked_by", "asked_at", "approved_by", "reason")}
    try:
        _write(stack, UUID(answer["application_id"]), file, permission_of(answer, record))
    except (KafkaSilent, Refused, Unavailable, Unreadable) as why:
        fail(str(why))


def _ask(identity: UUID, reason: str, by: str) -> None:
    with StaffCalls() as calls:
        asked = calls.post(by, "/exports", application_id=str(identity), reason=reason)
    export_id = asked["export_id"]
    tell_second(asked["asked_by"], f"the export {export_id}", f"mente audit approve {export_id}")


def _write(stack: Stack, identity: UUID, file: Path, permission: Permission | None) -> None:
    content = _packed(stack, identity, permission)
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
