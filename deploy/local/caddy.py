"""Caddy as the gateway: one origin for the pages and the four APIs."""

from __future__ import annotations

import json
import signal

from deploy.local.installed import caddy_binary
from deploy.local.ports import ADDRESS, answers
from deploy.local.processes import Part
from deploy.local.stack import SERVICES, Stack

SETTINGS = """\
{{
	admin off
	auto_https off
	persist_config off
	grace_period 3s
	storage file_system {folder}/storage
	default_bind {address}
}}

http://{address}:{port}, http://localhost:{port} {{
{routes}
	handle {{
		respond "Mente: the APIs are at /api/catalog, /api/intake, /api/review and /api/notify." 404
	}}
	handle_errors 502 504 {{
		header Content-Type application/problem+json
		header Retry-After 1
		respond `{away}` 503
	}}
}}
"""

AWAY = {
    "type": "urn:mente:problem:service-away",
    "title": "Service away",
    "status": 503,
    "code": "service-away",
    "detail": "the service does not answer; make the same call again",
}
"""What a caller reads while a service starts again: a problem as the services themselves tell theirs."""

# No `encode` here: compressing holds event streams back until a block is full.
# No path is stripped: a service knows its own prefix.
ROUTE = """\
	handle /api/{service}/* {{
		reverse_proxy {address}:{port}
	}}
"""


def caddy_part(stack: Stack) -> Part:
    """The gateway."""
    folder = stack.home / "caddy"
    settings = folder / "Caddyfile"

    def prepare() -> None:
        folder.mkdir(exist_ok=True)
        settings.write_text(caddyfile(stack))

    return Part(
        name="caddy",
        command=(str(caddy_binary()), "run", "--config", str(settings), "--adapter", "caddyfile"),
        ready=lambda: answers(stack.ports["gateway"]),
        prepare=prepare,
        environment={name: str(folder) for name in ("HOME", "TMPDIR", "XDG_DATA_HOME", "XDG_CONFIG_HOME")},
        orphan_signal=signal.SIGKILL,
        stop_seconds=5,
    )


def caddyfile(stack: Stack) -> str:
    """The gateway's settings: each service behind its own prefix, which is kept."""
    routes = "\n".join(
        ROUTE.format(service=service, address=ADDRESS, port=stack.ports[service]) for service in SERVICES
    )
    return SETTINGS.format(
        folder=stack.home / "caddy",
        address=ADDRESS,
        port=stack.ports["gateway"],
        routes=routes,
        away=json.dumps(AWAY),
    )
