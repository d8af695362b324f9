"""`mente audit access`: who looked at one application, told by the services themselves."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Annotated

import typer
from rich.console import Console

from deploy.audit_cli.running import fail, running_stack
from shared.errors import Refused, Unavailable


def access(
    application: Annotated[str, typer.Argument(help="The application's id or its acceptance number.")],
    by: Annotated[str, typer.Option(help="Who asks: an auditor; that is recorded too.")] = "auditor",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Tell who looked at one application, unmasked what, and why; also who was refused."""
    from deploy.audit.access import accesses_of, person_of, table_of
    from deploy.audit.history import application_id_of

    stack = running_stack()
    try:
        identity = asyncio.run(application_id_of(stack, application))
        person = asyncio.run(person_of(stack, identity))
        accesses = accesses_of(stack, identity, person, by)
    except (Refused, Unavailable) as reason:
        fail(f"{reason.detail} ({reason.code})")
    if as_json:
        for one in accesses:
            sys.stdout.write(json.dumps(one.facts(), ensure_ascii=False) + "\n")
    elif accesses:
        Console().print(table_of(identity, accesses))
    else:
        typer.echo(f"nobody has looked at {application}, or tried to")
