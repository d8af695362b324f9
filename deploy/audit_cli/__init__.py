"""The commands `mente audit …`: proof, history, evidence, and who looked; one module per command."""

import typer

from deploy.audit_cli.access import access
from deploy.audit_cli.checkpoints import checkpoint, compare
from deploy.audit_cli.exporting import approve, export
from deploy.audit_cli.history import history
from deploy.audit_cli.rebuilding import rebuild
from deploy.audit_cli.verifying import verify

app = typer.Typer(help="Proof, history, evidence, and who looked.", no_args_is_help=True)

for command in (verify, checkpoint, compare, history, export, approve, access, rebuild):
    app.command()(command)
