"""The index that pip uses on this machine: how uv finds it, and what it means when it fails.

No address is written down here: uv gets the one that pip is set to.
"""

from __future__ import annotations

import ast
import os
import subprocess
from pathlib import Path

NETWORK_SIGNS = (
    "error sending request",
    "failed to fetch",
    "failed to establish a new connection",
    "connection refused",
    "connection error",
    "name resolution",
    "dns error",
    "network is unreachable",
    "network was disabled",
    "timed out",
    "tunnel connection failed",
)
FROM_PIP_TO_UV = {
    "index-url": "UV_DEFAULT_INDEX",
    "extra-index-url": "UV_INDEX",
    "trusted-host": "UV_INSECURE_HOST",
    "cert": "SSL_CERT_FILE",
}


class Stopped(Exception):
    """The environment cannot be made; the text is one sentence for a person."""


class NoNetwork(Stopped):
    """The index cannot be reached."""


def pip_settings(uv: str) -> dict[str, str]:
    """Pip's settings on this machine, from its files and environment, by their names without section."""
    listed = subprocess.run(
        [str(Path(uv).with_name("python")), "-m", "pip", "config", "list"],
        capture_output=True,
        text=True,
        check=False,
    )
    return parse_pip_settings(listed.stdout)


def parse_pip_settings(listed: str) -> dict[str, str]:
    """The lines of `pip config list`; what the environment says wins over files."""
    found: dict[str, str] = {}
    for line in sorted(listed.splitlines(), key=lambda line: line.startswith(":env:")):
        name, _, value = line.partition("=")
        if value:
            found[name.rsplit(".", 1)[-1]] = str(ast.literal_eval(value))
    return found


def uv_environment(settings: dict[str, str], cache: Path) -> dict[str, str]:
    """The variables that make uv use pip's index and certificates, and our cache."""
    chosen = {"UV_CACHE_DIR": str(cache), "UV_PYTHON_DOWNLOADS": "never", "UV_NO_PROGRESS": "1"}
    for name, variable in FROM_PIP_TO_UV.items():
        if name in settings and variable not in os.environ:
            chosen[variable] = " ".join(settings[name].split())
    places = [
        place for place in settings.get("find-links", "").split() if "://" in place or Path(place).exists()
    ]
    if places and "UV_FIND_LINKS" not in os.environ:
        chosen["UV_FIND_LINKS"] = ",".join(places)
    return chosen


def failure(output: str, log: Path) -> Stopped:
    """One sentence for what an installer said before it failed."""
    if any(sign in output.lower() for sign in NETWORK_SIGNS):
        return NoNetwork(
            "the packages cannot be downloaded: connect this machine to the network and run it again."
        )
    if "No space left" in output:
        return Stopped("the disk is full: make room (about 1 GB) and run it again.")
    return Stopped(f"the packages could not be installed: {last_line(output)} (all of it is in {log})")


def last_line(text: str) -> str:
    """The last line that says anything."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1] if lines else "no reason was given"
