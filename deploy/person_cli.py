"""The commands `mente person …`: what is done about one person, always by two members of staff."""

from __future__ import annotations

import re
from typing import Annotated, Any, NoReturn
from uuid import UUID

import httpx
import typer

from deploy.local.folder import supervisor_pid
from deploy.local.stack import Stack, default_home

app = typer.Typer(help="What is done about one person, by two members of staff.", no_args_is_help=True)

FORM = {"grant_type": "password"}


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
    home = default_home()
    if supervisor_pid(home) == 0:
        _stop("Nothing runs here: start it with `make run`.")
    stack = Stack.load(home)
    with httpx.Client(timeout=30, trust_env=False) as http:
        wanted = {"person_id": person, "reason": reason}
        asked = _post(http, stack, by, "/api/intake/erasures", wanted)
        typer.echo(f"{asked['asked_by']} asked for the erasure {asked['erasure_id']}.")
        if not yes:
            typer.echo("Nothing is erased yet: say --yes and who agrees.")
            return
        done = _post(http, stack, agreed, f"/api/intake/erasures/{asked['erasure_id']}/approval", {})
        typer.echo(f"{done['approved_by']} agreed: the person is erased, and {done['papers']} papers.")


def _post(http: httpx.Client, stack: Stack, who: str, path: str, body: dict[str, str]) -> dict[str, Any]:
    try:
        signed_in = http.post(f"{stack.oidc_issuer}/token", data={**FORM, "username": who})
        if signed_in.status_code != 200:
            _stop(f"Nobody of the name {who} works here.")
        badge = {"authorization": f"Bearer {signed_in.json()['access_token']}"}
        answer = http.post(f"{stack.service_url('intake')}{path}", json=body, headers=badge)
    except httpx.HTTPError:
        _stop("The services do not answer: `mente status` shows what is wrong.")
    found: dict[str, Any] = answer.json()
    if answer.status_code >= 300:
        _stop(f"Not done: {found.get('detail', answer.status_code)} ({found.get('code', '')}).")
    return found


def _is_id(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower() and bool(re.fullmatch(r"[0-9a-fA-F-]{36}", text))
    except ValueError:
        return False


def _stop(told: str) -> NoReturn:
    typer.echo(told, err=True)
    raise typer.Exit(1)
