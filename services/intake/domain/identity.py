"""Who a submission is about: identity numbers, telephone numbers, and the key that stands for a person."""

import hmac
from datetime import date
from hashlib import sha256
from operator import mul
from uuid import UUID

CITIZEN_ID = "01"
RESIDENCE_PERMIT = "17"
WITH_CHECK_CHARACTER = frozenset({CITIZEN_ID, RESIDENCE_PERMIT})
KNOWN_ID_TYPES = frozenset({*(f"{n:02d}" for n in range(1, 18)), "90", "99"})
"""The national dictionary `psn_cert_type` (domain list 1.5)."""

PERMIT_PREFIXES = ("81", "82", "83")
WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"


def id_number_fault(id_type: str, id_number: str, today: date) -> str | None:
    """Tell what is wrong with an identity number, or None (GB 11643-1999, MOD 11-2).

    Citizen numbers and residence permits are checked for form, date of birth and check character; other
    papers have no published check, their length is kept by the contract.
    """
    if id_type not in KNOWN_ID_TYPES:
        return "id-type-unknown"
    if id_type not in WITH_CHECK_CHARACTER:
        return None
    number = id_number.upper()
    if len(number) != 18 or not number[:17].isdecimal() or _is_no_permit(id_type, number):
        return "id-number-form"
    born = birth_date(number)
    if born is None:
        return "id-number-date"
    if check_character(number[:17]) != number[17]:
        return "id-number-checksum"
    return "birth-date-in-future" if born > today else None


def birth_date(id_number: str) -> date | None:
    """Read the date of birth out of an 18-character number; None if it is no day of the calendar."""
    digits = id_number[6:14]
    try:
        return date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return None


def check_character(first_17: str) -> str:
    """Compute the last character of a citizen number from the first 17 digits (ISO 7064 MOD 11-2)."""
    return CHECK_CHARACTERS[sum(map(mul, WEIGHTS, map(int, first_17))) % 11]


def is_mobile_number(phone: str) -> bool:
    """Tell whether the number is a mainland mobile number: 1, then 3 to 9, then nine digits."""
    return len(phone) == 11 and phone.isdecimal() and phone[0] == "1" and phone[1] in "3456789"


def person_id(lookup_key: bytes, id_type: str, id_number: str) -> UUID:
    """Name a person by a keyed hash of their paper: the same paper gives the same id, nobody can go back.

    HMAC-SHA256 over type and number in upper case, shaped as a UUID of version 8.
    """
    digest = hmac.digest(lookup_key, (id_type + id_number.upper()).encode(), sha256)
    number = int.from_bytes(digest[:16], "big")
    return UUID(int=number & ~(0xF << 76) & ~(0b11 << 62) | 8 << 76 | 0b10 << 62)


def _is_no_permit(id_type: str, number: str) -> bool:
    return id_type == RESIDENCE_PERMIT and not number.startswith(PERMIT_PREFIXES)
