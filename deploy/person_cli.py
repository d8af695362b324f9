"""The commands `mente person …`: what is done about one person, always by two members of staff."""

from __future__ import annotations

import re
from typing import Annotated
from uuid import UUID

import typer

from deploy.staff_calls import StaffCalls

app = typer.Typer(help="What is done about one person, by two members of staff.", no_args_is_help=True)


@app.command()
def erase(
    person: Annotated[str, typer.Argument(help="The person's id; `mente audit history` shows it.")],
    reason: Annotated[str, typer.Option(help="Why; it is kept for ever, so it names nobody.")],
    by: Annotated[str, typer.Option(help="Who asks: an operator.")] = "operator",
    agreed: Annotated[str, typer.Option(help="Who agrees: a supervisor or an auditor.")] = "supervisor",
    yes: Annotated[bool, typer.Option("--yes", help="Do it; without this it is only asked for.")] = False,
) -> None:
    """Erase a person: the key of all that was sealed goes, and with it name, numbers, papers and words."""
    if not _is_id(person):
        raise typer.BadParameter("a person's id looks like 0f1e2d3c-…-…", param_hint="PERSON")
    with StaffCalls() as calls:
        asked = calls.post(by, "/erasures", person_id=person, reason=reason)
        typer.echo(f"{asked['asked_by']} asked for the erasure {asked['erasure_id']}.")
        if not yes:
            typer.echo("Nothing is erased yet: say --yes and who agrees.")
            return
        done = calls.post(agreed, f"/erasures/{asked['erasure_id']}/approval")
        typer.echo(f"{done['approved_by']} agreed: the person is erased, and {done['papers']} papers.")


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower() and bool(re.fullmatch(r"[0-9a-fA-F-]{36}", text))
    except ValueError:
        return False
