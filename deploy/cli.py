"""The command `mente`: run, watch and question the embedded stack."""

from __future__ import annotations

import importlib
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import psutil
import typer

from deploy.local.folder import supervisor_pid, wait_until_free
from deploy.local.installed import has_module
from deploy.local.stack import PARTS, default_home

# Commands of other modules: (name, module, attribute); a Typer application becomes a group of commands.
ELSEWHERE = (
    ("demo", "deploy.demo_cli", "command"),
    ("parked", "deploy.parked", "app"),
    ("audit", "deploy.audit_cli", "app"),
    ("person", "deploy.person_cli", "app"),
    ("retention", "deploy.retention_cli", "app"),
    ("policy", "deploy.policy.commands", "app"),
)
STOP_SECONDS = 40.0
LAST_LINES = 40

app = typer.Typer(name="mente", no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)


@app.callback()
def mente() -> None:
    """Recognition of outpatient chronic and special disease benefits, on this machine."""


@app.command()
def up(
    parts: Annotated[str, typer.Option(help="Only these parts, with commas between.")] = ",".join(PARTS),
    demo: Annotated[bool, typer.Option(help="Send a first application through when ready.")] = False,
    bench: Annotated[bool, typer.Option(help="More memory and a faster compiler for Kafka.")] = False,
) -> None:
    """Start everything in the foreground; Ctrl-C stops it."""
    from deploy.up import run_stack

    chosen = [name for name in PARTS if name in parts.split(",")]
    unknown = sorted(set(parts.split(",")) - set(PARTS))
    if unknown:
        raise typer.BadParameter(f"{', '.join(unknown)}; there are {', '.join(PARTS)}")
    raise typer.Exit(run_stack(default_home(), chosen, demo, bench, _say))


@app.command()
def down() -> None:
    """Stop what `mente up` started, wherever it runs."""
    home = default_home()
    pid = supervisor_pid(home)
    if pid == 0:
        _say("nothing runs here")
        raise typer.Exit(0 if wait_until_free(home, STOP_SECONDS) else 1)
    try:
        os.kill(pid, signal.SIGTERM)
        if not wait_until_free(home, STOP_SECONDS):
            os.kill(pid, signal.SIGKILL)
            wait_until_free(home, STOP_SECONDS)
    except ProcessLookupError:
        wait_until_free(home, STOP_SECONDS)
    except PermissionError:
        _say(f"process {pid} belongs to another user: stop it as that user")
        raise typer.Exit(1) from None
    _wait_gone(pid)
    _say("stopped")


@app.command()
def status(
    as_json: Annotated[bool, typer.Option("--json", help="For programs: one JSON object.")] = False,
) -> None:
    """Show each part, each consumer's lag, each outbox and what is parked; exit 1 unless all is ready."""
    from deploy.status import read_status
    from deploy.status_view import show

    found = read_status(default_home())
    if found is None:
        _say("nothing runs here: `make run` starts it")
        raise typer.Exit(1)
    if as_json:
        sys.stdout.write(json.dumps(found.as_dict(), ensure_ascii=False, indent=2) + "\n")
    else:
        show(found)
    raise typer.Exit(0 if found.ready else 1)


@app.command()
def logs(
    name: Annotated[str, typer.Argument(help="A part; all when left out.")] = "",
    follow: Annotated[bool, typer.Option("-f", "--follow", help="Go on as lines come.")] = False,
) -> None:
    """Show the last lines of the logs."""
    folder = default_home() / "logs"
    files = sorted(folder.glob(f"{name or '*'}.log"))
    if not files:
        known = ", ".join(sorted(path.stem for path in folder.glob("*.log"))) or "none"
        _say(f"there is no log of {name or 'anything'} in {folder}; there are: {known}")
        raise typer.Exit(1)
    places = {path: _print_tail(path, len(files) > 1) for path in files}
    for path, text in _growth(places) if follow else ():
        _print_lines(path, text, len(files) > 1)


@app.command()
def doctor() -> None:
    """Look at this machine and say in plain sentences what to do; exit 1 when something must be done."""
    from deploy.doctor import examine

    findings = examine(default_home())
    for finding in findings:
        sys.stdout.write(f"{'ok  ' if finding.fine else 'FIX '} {finding.text}\n")
    raise typer.Exit(0 if all(finding.fine for finding in findings) else 1)


def main() -> None:
    """Run the command line; what other commands need is only imported where all are listed."""
    asked = sys.argv[1] if len(sys.argv) > 1 else ""
    here = {command.callback.__name__ for command in app.registered_commands if command.callback}
    wanted = [one for one in ELSEWHERE if one[0] == asked]
    for name, module, attribute in wanted or (() if asked in here else ELSEWHERE):
        if has_module(module):
            _add(name, getattr(importlib.import_module(module), attribute))
    app()


def _add(name: str, command: object) -> None:
    if isinstance(command, typer.Typer):
        app.add_typer(command, name=name)
    elif callable(command):
        app.command(name=name)(command)


def _say(line: str) -> None:
    sys.stdout.write(f"Mente: {line}\n")
    sys.stdout.flush()


def _wait_gone(pid: int) -> None:
    # The folder is free a moment before the supervisor itself has ended.
    deadline = time.monotonic() + 5
    while psutil.pid_exists(pid) and time.monotonic() < deadline:
        time.sleep(0.02)


def _print_tail(path: Path, named: bool) -> int:
    text = path.read_text(errors="replace")
    _print_lines(path, "\n".join(text.splitlines()[-LAST_LINES:]), named)
    return path.stat().st_size


def _print_lines(path: Path, text: str, named: bool) -> None:
    prefix = f"{path.stem:<12} " if named else ""
    for line in text.splitlines():
        sys.stdout.write(f"{prefix}{line}\n")
    sys.stdout.flush()


def _growth(places: dict[Path, int]) -> Iterator[tuple[Path, str]]:
    while True:
        for path, seen in places.items():
            size = path.stat().st_size if path.exists() else 0
            if size == seen:
                continue
            with path.open("rb") as file:
                file.seek(seen if size > seen else 0)
                yield path, file.read().decode(errors="replace")
            places[path] = size
        time.sleep(0.3)


if __name__ == "__main__":
    main()
