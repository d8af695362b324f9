"""The command `mente audit access`: who looked at one application, told by the services themselves."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Annotated, NoReturn

import typer
from rich.console import Console

from deploy.local.folder import supervisor_pid
from deploy.local.stack import Stack, default_home
from shared.errors import Refused, Unavailable


def access(
    application: Annotated[str, typer.Argument(help="The application's id or its acceptance number.")],
    by: Annotated[str, typer.Option(help="Who asks: an auditor; that is recorded too.")] = "auditor",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Tell who looked at one application, unmasked what, and why; also who was refused."""
    from deploy.audit.access import accesses_of, person_of, table_of
    from deploy.audit.history import application_id_of

    home = default_home()
    if supervisor_pid(home) == 0:
        _fail("nothing runs here: `make run` starts it")
    stack = Stack.load(home)
    try:
        identity = asyncio.run(application_id_of(stack, application))
        person = asyncio.run(person_of(stack, identity))
        accesses = accesses_of(stack, identity, person, by)
    except (Refused, Unavailable) as reason:
        _fail(f"{reason.detail} ({reason.code})")
    if as_json:
        for one in accesses:
            sys.stdout.write(json.dumps(one.facts(), ensure_ascii=False) + "\n")
    elif accesses:
        Console().print(table_of(identity, accesses))
    else:
        typer.echo(f"nobody has looked at {application}, or tried to")


def _fail(line: str) -> NoReturn:
    sys.stderr.write(f"Mente: {line}\n")
    raise typer.Exit(2)
