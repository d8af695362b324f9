"""Say how each part of the stack is run, by its name."""

from __future__ import annotations

import http.client
import os
import signal
import sys
from collections.abc import Callable, Mapping

from deploy.local.caddy import caddy_part
from deploy.local.kafka import kafka_part
from deploy.local.ports import ADDRESS
from deploy.local.postgres import postgres_part
from deploy.local.preparation import ROOT
from deploy.local.processes import Part
from deploy.local.stack import SERVICES, Stack, service_environment
from deploy.local.valkey import valkey_part


def part_of(name: str, stack: Stack, run: Callable[[Part], None], bench: bool = False) -> Part:
    """The part of that name; KeyError for a name that no part has."""
    if name in SERVICES:
        return service_part(stack, name)
    makers: Mapping[str, Callable[[], Part]] = {
        "postgres": lambda: postgres_part(stack, run),
        "kafka": lambda: kafka_part(stack, run, bench),
        "valkey": lambda: valkey_part(stack),
        "caddy": lambda: caddy_part(stack),
        "oidc": lambda: simulator_part(stack, "oidc", "deploy.local.oidc"),
        "sms": lambda: simulator_part(stack, "sms", "deploy.local.sms_gateway"),
    }
    return makers[name]()


def service_part(
    stack: Stack,
    service: str,
    name: str | None = None,
    role: str = "all",
    environment: Mapping[str, str] | None = None,
) -> Part:
    """One process of a service; `environment` adds to or replaces its settings, for example its port."""
    settings = {**service_environment(stack, service), **(environment or {})}
    port = int(settings["MENTE_HTTP_PORT"])
    return Part(
        name=name or service,
        command=(sys.executable, "-m", f"services.{service}", "serve", "--role", role),
        ready=lambda: answers_ok(port, "/health/ready"),
        environment={**_python_path(), **settings},
        folder=ROOT,
        orphan_signal=signal.SIGKILL,
        start_seconds=90,
    )


def simulator_part(stack: Stack, name: str, module: str) -> Part:
    """A small HTTP server of this package that stands in for a system outside."""
    port = stack.ports[name]
    return Part(
        name=name,
        command=(sys.executable, "-m", module, str(stack.home), str(port)),
        ready=lambda: answers_ok(port, "/health"),
        environment={**_python_path(), "MENTE_EMBEDDED": "1"},
        folder=ROOT,
        orphan_signal=signal.SIGKILL,
        stop_seconds=3,
    )


def answers_ok(port: int, path: str) -> bool:
    """Whether a GET on 127.0.0.1 is answered with 200 within two seconds."""
    connection = http.client.HTTPConnection(ADDRESS, port, timeout=2)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def _python_path() -> dict[str, str]:
    known = os.environ.get("PYTHONPATH")
    return {"PYTHONPATH": f"{ROOT}:{known}" if known else str(ROOT), "PYTHONUNBUFFERED": "1"}
