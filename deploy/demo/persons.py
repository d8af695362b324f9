"""Made-up persons: identity numbers of regions that do not exist, telephone numbers of nobody."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta

from shared.contracts.submissions import Person

WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
CHECK_CHARACTERS = "10X98765432"
FIRST_BIRTH = date(1945, 1, 1)
BIRTH_DAYS = 45 * 365
SURNAMES = "王李张刘陈杨黄赵周吴徐孙马朱胡郭何高林罗"
GIVEN_NAMES = ("虚构", "样例", "示范", "演示", "模拟")

Draw = Callable[[int], int]
"""Gives a number from 0 to below its argument, such as `secrets.randbelow`."""


@dataclass(frozen=True, slots=True)
class Figure:
    """A made-up person; the name says that nobody of that name applied."""

    name: str
    id_number: str
    phone: str

    def as_applicant(self) -> Person:
        """The person as a channel names them in a submission."""
        return Person(name=self.name, id_number=self.id_number, phone=self.phone)

    @property
    def birth_date(self) -> date:
        """The date of birth out of the number."""
        digits = self.id_number
        return date(int(digits[6:10]), int(digits[10:12]), int(digits[12:14]))


def a_figure(draw: Draw, phone_ending: int | None = None) -> Figure:
    """Make an adult up; the last four digits of the phone may be given."""
    ending = draw(10_000) if phone_ending is None else phone_ending % 10_000
    name = SURNAMES[draw(len(SURNAMES))] + GIVEN_NAMES[draw(len(GIVEN_NAMES))]
    return Figure(name, an_id_number(draw), f"1990000{ending:04d}")


def an_id_number(draw: Draw) -> str:
    """Draw a number with a right check character (GB 11643-1999) in a region that begins with 99."""
    born = FIRST_BIRTH + timedelta(days=draw(BIRTH_DAYS))
    first_17 = f"99{draw(10_000):04d}{born:%Y%m%d}{draw(1_000):03d}"
    return first_17 + check_character(first_17)


def check_character(first_17: str) -> str:
    """Compute the last character from the first 17 digits (ISO 7064 MOD 11-2)."""
    total = sum(weight * int(digit) for weight, digit in zip(WEIGHTS, first_17, strict=True))
    return CHECK_CHARACTERS[total % 11]
