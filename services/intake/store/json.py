"""Lists as JSON text, because the driver takes a list inside an array for one more dimension of it."""

from collections.abc import Sequence

import orjson

from shared.contracts.base import Value


def as_json(values: Sequence[Value]) -> str | None:
    """Write a list of values; None for an empty one."""
    return orjson.dumps([value.model_dump(mode="json") for value in values]).decode() if values else None
