"""`python -m services.catalog serve|migrate|check`; exit code 2 and one sentence when it cannot start."""

import argparse
import asyncio
import sys
from collections.abc import Sequence

from services.catalog import app
from services.catalog.settings import SettingsIncomplete, read_settings
from shared import edge, logs, tracing
from shared.errors import Refused, Unreadable

CANNOT_START = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Do what was asked; 0, or 2 after saying on standard error what stands in the way."""
    asked = _parser().parse_args(arguments)
    try:
        _do(asked)
    except (SettingsIncomplete, Unreadable, Refused) as error:
        print(error, file=sys.stderr)
        return CANNOT_START
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m services.catalog", description=__doc__)
    deeds = parser.add_subparsers(dest="deed", required=True)
    serving = deeds.add_parser("serve", help="run a process of the service")
    serving.add_argument("--role", choices=app.ROLES, default="all")
    deeds.add_parser("migrate", help="bring the database up to date")
    deeds.add_parser("check", help="read the policy files and say whether they are sound")
    return parser


def _do(asked: argparse.Namespace) -> None:
    documents = app.read_documents()
    if asked.deed == "check":
        print(f"{len(documents)} documents are sound")
        return
    settings = read_settings()
    if asked.deed == "migrate":
        for name in asyncio.run(app.bring_up_to_date(settings)):
            print(f"applied {name}")
        return
    logs.configure(app.SERVICE, settings.log_level)
    tracing.configure(app.SERVICE, settings.otlp_endpoint)
    try:
        edge.run(app.serve(settings, asked.role, documents))
    finally:
        tracing.shutdown()


if __name__ == "__main__":
    sys.exit(main())
