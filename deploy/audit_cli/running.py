"""What every command needs: the stack that runs here, the auditor's key, and plain words to stop with."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import Annotated, NoReturn, cast

import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from deploy.local.folder import supervisor_pid
from deploy.local.stack import Stack, default_home
from shared.contracts.topics import TOPICS

CHAINED = tuple(topic.name for topic in TOPICS if topic.in_sequence)
MOST_SHOWN = 50
AUDITOR = "embedded-auditor"
"""The name under which the embedded stack's key for checkpoints is known."""

AsJson = Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")]


def running_stack() -> Stack:
    """The stack of this folder; stops with 2 when none runs."""
    home = default_home()
    if supervisor_pid(home) == 0:
        fail("nothing runs here: `make run` starts it")
    return Stack.load(home)


def private_key(stack: Stack) -> Ed25519PrivateKey:
    """The key that signs checkpoints and evidence."""
    stored = (stack.keys_folder / "audit.pem").read_bytes()
    return cast("Ed25519PrivateKey", load_pem_private_key(stored, password=None))


def progress_bar(hidden: bool) -> Progress:
    """A bar on standard error with count and time."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=Console(stderr=True), transient=True, disable=hidden)


def moment(text: str, option: str) -> datetime:
    """Read a time with its zone; BadParameter for anything else."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is no date and time", param_hint=option) from None
    if at.tzinfo is None:
        raise typer.BadParameter(f"{text} names no time zone: add +08:00", param_hint=option)
    return at


def say(line: str) -> None:
    """Tell the person at the screen, beside the output."""
    sys.stderr.write(f"Mente: {line}\n")


def fail(line: str) -> NoReturn:
    """Stop with 2: the question could not be answered."""
    say(line)
    raise typer.Exit(2)
