"""What each service reads, as its own consumer module says; nothing is opened or connected."""

import importlib
import inspect
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, get_type_hints

from shared.inbox import Consumer

SERVICES = Path(__file__).parents[2] / "services"


def services() -> list[str]:
    """The services of this tree."""
    return sorted(root.parent.name for root in SERVICES.glob("*/app.py"))


def subscriptions(service: str) -> list[Consumer]:
    """The consumers of a service, one per topic.

    They come from every public function of `consumer.py` that returns a list of consumers. What it would
    work on is not needed to tell what it reads, so it is given nothing.
    """
    if not (SERVICES / service / "consumer.py").exists():
        return []
    module = importlib.import_module(f"services.{service}.consumer")
    return [consumer for make in _makers(vars(module).values()) for consumer in make(*_nothing(make))]


def _makers(found: Iterable[Any]) -> list[Callable[..., list[Consumer]]]:
    return [
        value
        for value in found
        if inspect.isfunction(value)
        and not value.__name__.startswith("_")
        and get_type_hints(value).get("return") == list[Consumer]
    ]


def _nothing(make: Callable[..., list[Consumer]]) -> list[None]:
    return [None] * len(inspect.signature(make).parameters)
