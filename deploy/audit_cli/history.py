"""`mente audit history`: the life of one application."""

from __future__ import annotations

import asyncio
import json
import sys
from typing import Annotated

import typer
from rich.console import Console

from deploy.audit.reading import KafkaSilent
from deploy.audit_cli.running import fail, moment, running_stack
from shared.errors import Refused


def history(
    application: Annotated[str, typer.Argument(help="The application's id or its acceptance number.")],
    at: Annotated[str, typer.Option(help="Only what had happened by then, as 2026-11-22T10:00+08:00.")] = "",
    as_json: Annotated[bool, typer.Option("--json", help="One JSON object a line.")] = False,
) -> None:
    """Tell the whole life of one application: who, when, what, under which hash."""
    from deploy.audit.history import application_id_of, lines_of, table_of

    until = moment(at, "--at") if at else None
    stack = running_stack()
    try:
        identity = asyncio.run(application_id_of(stack, application))
        lines = lines_of(stack.kafka, identity, until)
    except (KafkaSilent, Refused) as reason:
        fail(str(reason))
    if not lines:
        fail(f"nothing had happened to {application}" + (f" by {at}" if at else " that is on the bus"))
    if as_json:
        for line in lines:
            sys.stdout.write(json.dumps(line.facts(), ensure_ascii=False) + "\n")
        return
    Console().print(table_of(identity, lines))
