"""Acceptance numbers: unguessable, easy to read aloud, and proof against slips of the pen."""

from operator import mul

ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""32 characters; I, L, O and U are left out because they are misread as 1, 1, 0 and V."""

RANDOM_BITS = 65
PAYLOAD = 13
LENGTH = PAYLOAD + 1
CHECK_VALUES = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
VALUE = {character: value for value, character in enumerate(CHECK_VALUES)}
WEIGHTS = tuple(pow(2, PAYLOAD - place, 37) for place in range(PAYLOAD))
SHIFTS = tuple(range(5 * (PAYLOAD - 1), -1, -5))
MISREAD = str.maketrans("ILO", "110", " -")


def acceptance_no(random_bits: int) -> str:
    """Make a number of 14 characters from 65 random bits (F-P21).

    The last character is the check of ISO 7064 MOD 37-2, which finds every wrong character and every swap
    of neighbours (MOD 37,36 misses one swap in 630). Where the check would be a character outside the
    alphabet the next payload is taken, so at least 64.7 of the random bits remain.
    """
    payload = random_bits % (1 << RANDOM_BITS)
    while True:
        characters = _characters(payload)
        check = _check_value(characters)
        if check < len(CHECK_VALUES) and CHECK_VALUES[check] in ALPHABET:
            return characters + CHECK_VALUES[check]
        payload = (payload + 1) % (1 << RANDOM_BITS)


def read_acceptance_no(typed: str) -> str | None:
    """Read a number as a person typed it: lower case, blanks, hyphens, O for 0; None if it has a slip."""
    number = typed.upper().translate(MISREAD)
    if len(number) != LENGTH or any(character not in ALPHABET for character in number):
        return None
    check = _check_value(number[:PAYLOAD])
    return number if check < len(CHECK_VALUES) and CHECK_VALUES[check] == number[PAYLOAD] else None


def _characters(payload: int) -> str:
    return "".join([ALPHABET[payload >> shift & 31] for shift in SHIFTS])


def _check_value(characters: str) -> int:
    total: int = sum(map(mul, WEIGHTS, map(VALUE.__getitem__, characters)))
    return (1 - total) % 37
