"""Values of a composed policy by a path of names, as `channels.sichuan_app.hours`."""

from typing import Any

from services.catalog.app import read_documents
from services.catalog.domain.layering import IDENTITIES
from services.catalog.domain.showing import with_sources
from shared.contracts.policies import RegionPolicy

SHOWN: dict[str, Any] = {
    document.region: with_sources(document)
    for document in read_documents()
    if isinstance(document, RegionPolicy)
}
"""Every shipped policy with the sources of its values."""


def found(region: str, path: str) -> Any:
    """Find a part of a region's policy; KeyError for a path that leads nowhere."""
    part = SHOWN[region]
    for step in path.split("."):
        part = _below(part, step)
    return part


def value(region: str, path: str) -> Any:
    """Give the value itself, without its source; None for what is unknown."""
    return found(region, path).get("v")


def claims(region: str, path: str) -> list[Any]:
    """List what other sources say instead."""
    return [claim["v"] for claim in found(region, path)["conflict"]]


def _below(part: Any, step: str) -> Any:
    if isinstance(part, list):
        named = [item for item in part if step in {item.get(name) for name in IDENTITIES}]
        return named[0] if named else part[int(step)] if step.isdigit() else _nowhere(step)
    return part[step] if isinstance(part, dict) else _nowhere(step)


def _nowhere(step: str) -> Any:
    raise KeyError(step)
