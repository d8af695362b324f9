"""The command `mente demo`: applications of made-up persons through the running stack."""

from __future__ import annotations

import asyncio
import sys
from typing import Annotated

import typer

from deploy.local.folder import supervisor_pid
from deploy.local.stack import Stack, default_home


def command(
    only: Annotated[str, typer.Option(metavar="NAME", help="One story instead of all three.")] = "",
    count: Annotated[int, typer.Option(min=0, max=10_000, help="So many applications at once.")] = 0,
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object a line.")] = False,
) -> None:
    """Tell three stories, from the application to the decision and the SMS; exit 1 unless all end as told."""
    from deploy.demo import STORIES, run, run_many
    from deploy.demo.clients import NotAsTold

    if only and only not in STORIES:
        raise typer.BadParameter(f"there are {', '.join(STORIES)}", param_hint="--only")
    if only and count:
        raise typer.BadParameter(
            "it tells one story, and --count sends many applications", param_hint="--only"
        )
    stack = _running_stack()
    telling = run_many(stack, count, as_json) if count else run(stack, only or None, as_json)
    try:
        whole = asyncio.run(telling)
    except NotAsTold as reason:
        _say(f"{reason}")
        raise typer.Exit(1) from None
    raise typer.Exit(0 if whole else 1)


def _running_stack() -> Stack:
    home = default_home()
    if supervisor_pid(home) == 0:
        _say("nothing runs here: `make run` starts it")
        raise typer.Exit(1)
    return Stack.load(home)


def _say(line: str) -> None:
    sys.stderr.write(f"Mente: {line}\n")
