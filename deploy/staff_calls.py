"""Calls to a service in the name of staff, for the commands that need two of them."""

from __future__ import annotations

from types import TracebackType
from typing import TYPE_CHECKING, Annotated, Any, NoReturn
from uuid import UUID

import typer

from deploy.local.folder import supervisor_pid
from deploy.local.stack import Stack, default_home

if TYPE_CHECKING:
    import httpx

FORM = {"grant_type": "password"}

Why = Annotated[str, typer.Option(help="Why; it is kept for ever, so it names nobody.")]
Asking = Annotated[str, typer.Option(metavar="WHO", help="Who asks: an operator.")]
AskedId = Annotated[UUID, typer.Argument(metavar="ID", help="The id of what was asked for.")]
Agreeing = Annotated[
    str, typer.Option(metavar="WHO", help="Who agrees: a supervisor or an auditor, not the one who asked.")
]


class StaffCalls:
    """Signs members of staff in and calls a service's API; what goes wrong ends the command in a sentence."""

    def __init__(self, service: str = "intake") -> None:
        import httpx

        home = default_home()
        if supervisor_pid(home) == 0:
            stop("Nothing runs here: start it with `make run`.")
        self._service = service
        self._stack = Stack.load(home)
        self._http = httpx.Client(timeout=60, trust_env=False)

    def __enter__(self) -> StaffCalls:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._http.close()

    def get(self, who: str, path: str, **asked: Any) -> Any:
        """What `who` is shown; parameters that are None are left out."""
        wanted = {name: value for name, value in asked.items() if value is not None}
        return self._call("GET", who, path, params=wanted).json()

    def text(self, who: str, path: str) -> str:
        """A file that `who` is shown."""
        return self._call("GET", who, path).text

    def post(self, who: str, path: str, **body: Any) -> Any:
        """What `who` is answered."""
        return self._call("POST", who, path, json=body).json()

    def _call(self, method: str, who: str, path: str, **asked: Any) -> httpx.Response:
        import httpx

        try:
            signed_in = self._http.post(f"{self._stack.oidc_issuer}/token", data={**FORM, "username": who})
            if signed_in.status_code != 200:
                stop(f"Nobody of the name {who} works here.")
            badge = {"authorization": f"Bearer {signed_in.json()['access_token']}"}
            url = f"{self._stack.service_url(self._service)}/api/{self._service}{path}"
            answer = self._http.request(method, url, headers=badge, **asked)
            problem = answer.json() if answer.status_code >= 300 else {}
        except (httpx.HTTPError, ValueError):
            stop("The services do not answer: `mente status` shows what is wrong.")
        if answer.status_code >= 300:
            stop(f"Not done: {problem.get('detail', answer.status_code)} ({problem.get('code', '')}).")
        return answer


def tell_second(asked_by: str, what: str, command: str) -> None:
    """Say what was asked for, and the command by which somebody else agrees."""
    typer.echo(
        f"{asked_by} asked for {what}. Nothing is done yet: a supervisor or an auditor, WHO, agrees by"
    )
    typer.echo(f"  {command} --by WHO")


def stop(told: str) -> NoReturn:
    """End the command with one sentence on standard error."""
    typer.echo(told, err=True)
    raise typer.Exit(1)
