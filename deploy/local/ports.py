"""Choose ports on 127.0.0.1 that stay ours while their server is down."""

from __future__ import annotations

import random
import socket
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

ADDRESS = "127.0.0.1"
LOWEST = 15_000
PREFERRED: Mapping[str, int] = {
    "gateway": 8080,
    "postgres": 15432,
    "kafka": 19092,
    "kafka_controller": 19093,
    "valkey": 16379,
    "oidc": 18090,
    "sms": 18091,
    "catalog": 18101,
    "intake": 18102,
    "review": 18103,
    "notify": 18104,
}
_OURS: dict[int, int] = {}
"""The ports that this program claimed, each with the descriptor that holds the claim."""


def choose(
    names: Iterable[str], wanted: Mapping[str, int], free: Callable[[int], bool] | None = None
) -> dict[str, int]:
    """A free port for each name: the wanted one when it is free, else another that no one asked for."""
    is_free, is_still_free = free or claim, free or _claim_or_keep
    chosen: dict[str, int] = {}
    for name in names:
        port = wanted.get(name, 0)
        if not port or port in chosen.values() or not is_still_free(port):
            port = _another({*chosen.values(), *wanted.values(), *PREFERRED.values(), *_OURS}, is_free)
        chosen[name] = port
    return chosen


def claim(port: int) -> bool:
    """Whether the port is free and nobody's; if so no other call here, in any program, gets it until we end.

    The claim is a name among the kernel's sockets: one program at a time can have it, and it dies with us.
    """
    name = socket.socket(socket.AF_UNIX)
    try:
        name.bind(f"\0mente-port-{port}")
        if port_is_free(port):
            _OURS[port] = name.detach()
            return True
    except OSError:
        pass
    name.close()
    return False


def port_is_free(port: int) -> bool:
    """Whether a server could listen on the port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError:
            return False
    return True


def answers(port: int, seconds: float = 0.5) -> bool:
    """Whether something accepts connections on the port."""
    try:
        with socket.create_connection((ADDRESS, port), timeout=seconds):
            return True
    except OSError:
        return False


def _claim_or_keep(port: int) -> bool:
    return port_is_free(port) if port in _OURS else claim(port)


def _another(taken: set[int], is_free: Callable[[int], bool]) -> int:
    # Below the range for outgoing connections: inside it a client that knocks at a stopped server's port can
    # take that port itself, and the server cannot come back.
    highest = max(_first_outgoing_port(), LOWEST + 2_000)
    for _ in range(500):
        port = random.randrange(LOWEST, highest)  # noqa: S311
        if port not in taken and is_free(port):
            return port
    raise OSError("no free port was found on 127.0.0.1")


def _first_outgoing_port() -> int:
    try:
        return int(Path("/proc/sys/net/ipv4/ip_local_port_range").read_text().split()[0])
    except (OSError, ValueError):
        return 32_768
