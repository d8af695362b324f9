"""Valkey of the embedded stack: nothing in it that may not be lost."""

from __future__ import annotations

import socket

from deploy.local.installed import valkey_binary
from deploy.local.ports import ADDRESS
from deploy.local.processes import Part
from deploy.local.stack import Stack


def valkey_part(stack: Stack) -> Part:
    """The Valkey server, without persistence."""
    folder = stack.home / "valkey"
    port = stack.ports["valkey"]
    return Part(
        name="valkey",
        command=(
            str(valkey_binary()),
            *("--port", str(port), "--bind", ADDRESS, "--dir", str(folder)),
            *("--save", "", "--appendonly", "no", "--maxmemory", "64mb"),
        ),
        ready=lambda: _pongs(port),
        prepare=lambda: folder.mkdir(exist_ok=True),
    )


def _pongs(port: int) -> bool:
    try:
        with socket.create_connection((ADDRESS, port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False
