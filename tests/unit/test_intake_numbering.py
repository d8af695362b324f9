"""Acceptance numbers cannot be guessed and catch slips of the pen."""

import random

import pytest

from services.intake.domain.numbering import ALPHABET, RANDOM_BITS, acceptance_no, read_acceptance_no

SEEDED = random.Random(20260918)
NUMBERS = [acceptance_no(SEEDED.getrandbits(RANDOM_BITS)) for _ in range(300)]


def test_a_number_has_fourteen_readable_characters():
    assert {len(number) for number in NUMBERS} == {14}
    assert set("".join(NUMBERS)) <= set(ALPHABET)
    assert not set("ILOU") & set(ALPHABET)


def test_every_bit_of_at_least_64_counts():
    assert RANDOM_BITS >= 65
    bits = range(1, RANDOM_BITS)
    assert len({acceptance_no(0x1_5555_5555_5555_5555 ^ 1 << bit) for bit in bits}) == len(bits)


def test_different_chance_gives_different_numbers():
    assert len(set(NUMBERS)) == len(NUMBERS)


def test_every_single_wrong_character_is_caught():
    for number in NUMBERS[:60]:
        for place in range(14):
            others = [c for c in ALPHABET if c != number[place]]
            wrong = [number[:place] + other + number[place + 1 :] for other in others]
            assert not any(read_acceptance_no(one) for one in wrong)


def test_every_swap_of_neighbours_is_caught():
    for number in NUMBERS:
        for place in range(13):
            swapped = number[:place] + number[place + 1] + number[place] + number[place + 2 :]
            assert swapped == number or read_acceptance_no(swapped) is None


def test_the_check_is_that_of_iso_7064_mod_37_2():
    for number in NUMBERS:
        total = 0
        for character in number:
            total = (total * 2 + int(character, 36)) % 37
        assert total == 1


@pytest.mark.parametrize("typed", ["14d2-pf2d-bsqq-gv", " 14D2 PF2D BSQQ GV "])
def test_lower_case_blanks_and_hyphens_do_not_matter(typed):
    assert read_acceptance_no(typed) == "14D2PF2DBSQQGV"


def test_letters_that_look_like_digits_are_read_as_digits():
    number = next(one for one in NUMBERS if "0" in one and "1" in one)
    assert read_acceptance_no(number.replace("0", "O").replace("1", "l")) == number


@pytest.mark.parametrize(
    "typed", ["", "14D2PF2DBSQQG", "14D2PF2DBSQQGVV", "14D2PF2DBSQQGÄ", "受理号", "U" * 14]
)
def test_what_is_no_number_is_not_read(typed):
    assert read_acceptance_no(typed) is None
