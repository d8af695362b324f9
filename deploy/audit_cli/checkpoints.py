"""`mente audit checkpoint` and `compare`: signing what is there, and reading the paper back."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from deploy.audit.reading import KafkaSilent
from deploy.audit_cli.running import AUDITOR, CHAINED, fail, private_key, running_stack, say
from shared.errors import Refused, Unavailable, Unreadable


def checkpoint(
    printed: Annotated[bool, typer.Option("--print", help="Print them, to be kept outside of here.")] = False,
) -> None:
    """Sign what came to each topic since its last checkpoint, and keep that in the object store."""
    from deploy.audit.archive import Archive
    from deploy.audit.checkpointing import Signer, take_checkpoint
    from shared.printed import printable

    stack = running_stack()
    signer = Signer(AUDITOR, private_key(stack))
    try:
        for name in CHAINED:
            archive = Archive(stack.object_store_url, name)
            taken = take_checkpoint(stack.kafka, archive, signer, datetime.now(UTC))
            shown = taken or archive.last()
            if shown is None:
                typer.echo(f"{name}: nothing is there yet")
                continue
            new = "" if taken else "nothing new since "
            typer.echo(f"{name}: {new}checkpoint {shown.number}, {shown.size} events, root {shown.root}")
            if printed:
                typer.echo(f"\n{printable(shown)}\n")
    except (KafkaSilent, Refused, Unavailable) as reason:
        fail(str(reason))


def compare(
    printed: Annotated[Path, typer.Argument(help="A file with the text of a printed checkpoint, typed in.")],
) -> None:
    """Compare a checkpoint that was kept on paper with the one that is kept here; exit 1 if they differ."""
    from deploy.audit.archive import Archive
    from shared.checkpoints import verify as fault_of
    from shared.printed import parse_printed

    stack = running_stack()
    try:
        typed = parse_printed(printed.read_text())
        fault = fault_of(typed, {AUDITOR: private_key(stack).public_key()})
        if fault:
            fail(fault.sentence)
        kept = Archive(stack.object_store_url, typed.topic).number(typed.number)
    except (OSError, Refused, Unavailable, Unreadable) as reason:
        fail(str(reason))
    if kept != typed:
        say(f"checkpoint {typed.number} of {typed.topic} is another one here, or none: somebody rewrote it")
        raise typer.Exit(1)
    typer.echo(f"checkpoint {typed.number} of {typed.topic} is the one that is kept here")
