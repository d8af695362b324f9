"""`python -m services.notify serve|migrate`; exit code 2 and one sentence when it cannot start."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from services.notify import app
from services.notify.settings import SettingsIncomplete, read_settings
from shared import edge, logs, tracing

CANNOT_START = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what was asked; 0, or 2 after saying on standard error what stands in the way."""
    asked = _parser().parse_args(arguments)
    try:
        _do(asked)
    except SettingsIncomplete as error:
        print(error, file=sys.stderr)
        return CANNOT_START
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.notify", description=__doc__)
    deeds = parser.add_subparsers(dest="deed", required=True)
    serving = deeds.add_parser("serve", help="run a process of the service")
    serving.add_argument("--role", choices=app.ROLES, default="all")
    deeds.add_parser("migrate", help="bring the database up to date")
    return parser


def _do(asked: argparse.Namespace) -> None:
    settings = read_settings()
    if asked.deed == "migrate":
        for name in asyncio.run(app.bring_up_to_date(settings)):
            print(f"applied {name}")
        return
    logs.configure(app.SERVICE, settings.log_level)
    tracing.configure(app.SERVICE, settings.otlp_endpoint)
    try:
        edge.run(app.serve(settings, asked.role))
    finally:
        tracing.shutdown()


if __name__ == "__main__":
    sys.exit(main())
