"""What may be written down about a value or an error: never a person's own words or numbers."""

import re
from collections.abc import Mapping
from enum import Enum
from pathlib import Path
from typing import Any
from uuid import UUID

from shared.errors import Refused, Unavailable, Unreadable
from shared.reasons import ID_NUMBER, PHONE

TEXT_MOST = 2000
"""Characters of one value; a longer one is cut."""

HIDDEN = "***"

_SECRET = re.compile(
    r"authorization|password|secret|(?<!claim_)token$|id_number|phone|address|signature|private_key"
)
# The errors of these packages name servers and sockets; any other text may quote what a person wrote.
_OPEN = ("aiokafka.", "redis.", "httpx.", "ssl.")


def describe(error: BaseException) -> str:
    """Name an error without quoting what a person may have written."""
    kind = type(error)
    name = f"{kind.__module__}.{kind.__qualname__}".removeprefix("builtins.")
    if isinstance(error, Refused | Unavailable | Unreadable):
        return f"{name}: {error.code}"
    if isinstance(error, BaseExceptionGroup):
        return f"{name}: " + "; ".join(describe(part) for part in error.exceptions[:5])
    if isinstance(error, OSError) or name.startswith(_OPEN):
        return f"{name}: {error}"
    state = getattr(error, "sqlstate", None)
    return f"{name}: {state} {getattr(error, 'constraint_name', None) or ''}".strip() if state else name


def masked_fields(fields: Mapping[str, Any]) -> dict[str, Any]:
    """Mask a mapping: secrets and personal fields by name, everything else by its value."""
    return {
        str(name): HIDDEN if _SECRET.search(str(name)) else masked(value) for name, value in fields.items()
    }


def masked(value: Any) -> Any:
    """Keep what is plain, and name only the type of anything that could hold a person."""
    match value:
        case None | bool() | int() | float():
            return value
        case Enum():
            return masked(value.value)
        case str():
            return masked_text(value)
        case Mapping():
            return masked_fields(value)
        case list() | tuple() | set() | frozenset():
            return [masked(item) for item in value]
    return _named(value)


def masked_text(text: str) -> str:
    """Cut a long text, and hide what looks like an ID number or a mobile phone."""
    return PHONE.sub(HIDDEN, ID_NUMBER.sub(HIDDEN, text[:TEXT_MOST]))


def _named(value: object) -> str:
    if isinstance(value, BaseException):
        return describe(value)
    if isinstance(value, UUID | Path) or hasattr(value, "isoformat"):
        return str(value)
    return f"<{type(value).__name__}>"
