"""Identity numbers, telephone numbers and the key of a person."""

from datetime import date

import pytest

from services.intake.domain.identity import check_character, id_number_fault, is_mobile_number, person_id
from tests.support.intake import LOOKUP_KEY, an_id_number

TODAY = date(2026, 9, 18)


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014", "11010519491231002x"])
def test_the_examples_of_the_standard_are_right(number):
    assert id_number_fault("01", number, TODAY) is None


@pytest.mark.parametrize("number", ["810000199408230021", "830000199201300022"])
def test_a_residence_permit_is_checked_like_a_citizen_number(number):
    assert id_number_fault("17", number, TODAY) is None
    assert id_number_fault("17", number[:17] + "5", TODAY) == "id-number-checksum"


def test_a_residence_permit_begins_with_81_82_or_83():
    assert id_number_fault("17", an_id_number(), TODAY) == "id-number-form"


def test_every_wrong_check_character_is_caught():
    number = an_id_number()
    wrong = [number[:17] + last for last in "0123456789X" if last != number[17]]
    assert {id_number_fault("01", one, TODAY) for one in wrong} == {"id-number-checksum"}


@pytest.mark.parametrize(
    ("number", "fault"),
    [
        ("99010119900101001", "id-number-form"),
        ("9901011990010100128", "id-number-form"),
        ("99010119900101A012", "id-number-form"),
        ("990101199002300011", "id-number-date"),
        ("990101199013010013", "id-number-date"),
        ("990101000001010010", "id-number-date"),
    ],
)
def test_form_and_date_are_told_apart(number, fault):
    assert id_number_fault("01", number, TODAY) == fault


def test_a_date_of_birth_in_the_future_is_told():
    tomorrow = an_id_number("20260919")
    assert id_number_fault("01", tomorrow, TODAY) == "birth-date-in-future"
    assert id_number_fault("01", tomorrow, date(2026, 9, 19)) is None


@pytest.mark.parametrize("id_type", ["02", "07", "90", "99"])
def test_other_papers_have_no_invented_check(id_type):
    assert id_number_fault(id_type, "AB1234", TODAY) is None


def test_a_type_outside_the_dictionary_is_told():
    assert id_number_fault("18", "AB1234", TODAY) == "id-type-unknown"


@pytest.mark.parametrize("phone", ["13800000000", "19900001234"])
def test_mobile_numbers_are_taken(phone):
    assert is_mobile_number(phone)


@pytest.mark.parametrize(
    "phone",
    ["12900001234", "1990000123", "199000012345", "+8619900001234", "0812-3323000", "199 0000 123", ""],
)
def test_other_numbers_are_not(phone):
    assert not is_mobile_number(phone)


def test_a_person_is_the_same_in_upper_and_lower_case_and_differs_by_paper_and_key():
    one = person_id(LOOKUP_KEY, "01", "11010519491231002x")
    assert one == person_id(LOOKUP_KEY, "01", "11010519491231002X")
    assert one != person_id(LOOKUP_KEY, "02", "11010519491231002X")
    assert one != person_id(bytes(32), "01", "11010519491231002X")
    assert one.version == 8


def test_a_check_character_can_be_x():
    assert check_character("11010519491231002") == "X"
