"""The commands `mente person …`: what is done about one person, always by two members of staff."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import typer

from deploy.staff_calls import Agreeing, AskedId, Asking, StaffCalls, Why, tell_second

app = typer.Typer(help="What is done about one person, by two members of staff.", no_args_is_help=True)


@app.command()
def erase(
    person: Annotated[UUID, typer.Argument(help="The person's id; `mente audit history` shows it.")],
    reason: Why,
    by: Asking = "operator",
) -> None:
    """Ask that a person is erased; nothing goes before somebody else agrees with `mente person approve`."""
    with StaffCalls() as calls:
        asked = calls.post(by, "/erasures", person_id=str(person), reason=reason)
    erasure = asked["erasure_id"]
    tell_second(asked["asked_by"], f"the erasure {erasure}", f"mente person approve {erasure}")


@app.command()
def approve(erasure: AskedId, by: Agreeing) -> None:
    """Agree, and erase: the key of all that was sealed goes, and with it name, numbers, papers and words."""
    with StaffCalls() as calls:
        done = calls.post(by, f"/erasures/{erasure}/approval")
    typer.echo(f"{done['approved_by']} agreed: the person is erased, and {done['papers']} papers.")
