"""Look-up hashes: one value, however it is spelt, is one hash."""

from dataclasses import replace

import pytest

from shared.lookup_key import LookupKey

LOOKUP = LookupKey(b"l" * 32)
OPENSSL = "e1c026fdb61873ab7974a771110ebbfed4ff02006217479cc77746fb14176b94"
"""What `openssl dgst -sha256 -mac HMAC` gives for `phone`, NUL and the number."""


@pytest.mark.parametrize(
    "spelling", ["139 0000 0000", "139-0000-0000", "+8613900000000", " +86 139-00000000\u3000"]
)
def test_a_telephone_number_is_found_however_it_is_spelt(spelling):
    assert LOOKUP.of("phone", spelling) == LOOKUP.of("phone", "13900000000")


def test_an_id_number_is_found_in_either_case():
    assert LOOKUP.of("id-number", "11010519491231002x") == LOOKUP.of("id-number", "11010519491231002X")


def test_the_same_text_as_phone_and_as_id_number_is_not_the_same():
    assert LOOKUP.of("phone", "13900000000") != LOOKUP.of("id-number", "13900000000")


def test_look_up_hashes_differ_by_value_and_by_secret():
    other = replace(LOOKUP, secret=b"L" * 32)
    hashes = {key.of("phone", phone) for key in (LOOKUP, other) for phone in ("13900000000", "13900000001")}
    assert {len(one) for one in hashes} == {32}
    assert len(hashes) == 4


def test_the_hash_of_a_value_never_changes():
    assert LOOKUP.of("phone", "13900000000").hex() == OPENSSL


def test_a_short_look_up_key_is_refused():
    with pytest.raises(ValueError, match=r"^a look-up key has 32 bytes or more$"):
        LookupKey(b"l" * 31)
