"""What members of staff may state as a reason, which is kept for ever: nothing that names a person."""

import re
import unicodedata
from collections.abc import Iterable

from shared.errors import Refused

ID_NUMBER = re.compile(r"(?<![0-9A-Za-z])\d{17}[0-9Xx](?![0-9A-Za-z])")
PHONE = re.compile(r"(?<![0-9A-Za-z])1[3-9]\d{9}(?![0-9A-Za-z])")
"""What looks like an ID number, or like a mobile phone."""

_PARTED = re.compile(r"(?<=[0-9])[\s-]+(?=[0-9Xx])")


def require_nameless(reason: str, private: Iterable[str | None] = ()) -> None:
    """Refuse `reason-names-person` (422): a reason is kept for ever.

    It holds none of the `private` values, and nothing that looks like an ID number or a mobile phone, however
    it is parted. A name that is not among the values is not recognised.
    """
    text = unicodedata.normalize("NFKC", reason)
    whole = _PARTED.sub("", text)
    numbers = any(kind.search(one) for kind in (ID_NUMBER, PHONE) for one in (text, whole))
    if numbers or any(value and _plain(value) in _plain(text) for value in private):
        detail = "the reason is kept for ever: state it without a name, a number or an address of a person"
        raise Refused("reason-names-person", detail, status=422)


def _plain(text: str) -> str:
    return "".join(unicodedata.normalize("NFKC", text).split()).replace("-", "").casefold()
