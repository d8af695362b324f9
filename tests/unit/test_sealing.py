"""Sealing: only the key, the context and the very bits open it, and no secret shows by accident."""

import base64
import traceback
from dataclasses import dataclass
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from shared.errors import Unreadable
from shared.key_service import MasterKey, MasterKeys
from shared.masking import describe, masked
from shared.sealing import (
    Algorithm,
    DataKey,
    Unsealable,
    aead,
    box_bytes,
    box_text,
    seal,
    seal_json,
    unseal,
    unseal_json,
)

CONTEXT = b"application-submitted/01"
PLAIN = "王小明 13900000000".encode()
CANARY = b"canary-canary-canary-canary-1234"
AES, SM4 = Algorithm.A256GCM, Algorithm.SM4GCM
BOTH = pytest.mark.parametrize("algorithm", list(Algorithm))
KEY_ID = UUID("0198f000-0000-7000-8000-000000000001")


class Applicant(BaseModel):
    name: str
    phone: str


class Diagnosis(BaseModel):
    code: str
    phone: int


@dataclass(frozen=True, slots=True)
class Desk:
    key: DataKey
    masters: MasterKeys
    master: MasterKey


APPLICANT = Applicant(name="王小明", phone="13900000000x")


def a_key(algorithm: Algorithm = AES, filling: bytes = b"k") -> DataKey:
    return DataKey(KEY_ID, algorithm, filling * algorithm.key_bytes)


def flipped(box: bytes, place: int, bit: int = 0) -> bytes:
    return box[:place] + bytes([box[place] ^ 1 << bit]) + box[place + 1 :]


@BOTH
@given(plain=st.binary(max_size=300), context=st.binary(max_size=60))
def test_what_is_sealed_opens_again(algorithm, plain, context):
    key = DataKey.fresh(algorithm)
    box = seal(key, plain, context)
    assert len(box) == 1 + 12 + len(plain) + 16
    assert unseal(key, box, context) == plain


@BOTH
def test_another_key_does_not_open(algorithm):
    box = seal(a_key(algorithm), PLAIN, CONTEXT)
    with pytest.raises(Unsealable):
        unseal(a_key(algorithm, b"K"), box, CONTEXT)


def test_the_other_algorithm_does_not_open():
    with pytest.raises(Unsealable):
        unseal(a_key(SM4), seal(a_key(AES), PLAIN, CONTEXT), CONTEXT)


@BOTH
@pytest.mark.parametrize("context", [b"", b"application-submitted/02", CONTEXT + b"\0", CONTEXT[:-1]])
def test_a_box_opens_only_where_it_belongs(algorithm, context):
    box = seal(a_key(algorithm), PLAIN, CONTEXT)
    with pytest.raises(Unsealable):
        unseal(a_key(algorithm), box, context)


@BOTH
def test_one_flipped_bit_anywhere_is_noticed(algorithm):
    key = a_key(algorithm)
    box = seal(key, PLAIN, CONTEXT)
    for place in range(len(box)):
        for bit in range(8):
            with pytest.raises(Unsealable):
                unseal(key, flipped(box, place, bit), CONTEXT)


@BOTH
def test_a_box_that_is_cut_or_lengthened_is_noticed(algorithm):
    key = a_key(algorithm)
    box = seal(key, PLAIN, CONTEXT)
    for wrong in (*(box[:length] for length in range(len(box))), box + b"\0"):
        with pytest.raises(Unsealable):
            unseal(key, wrong, CONTEXT)


@BOTH
def test_no_nonce_comes_twice(algorithm):
    key = a_key(algorithm)
    assert len({seal(key, b"", CONTEXT)[1:13] for _ in range(10_000)}) == 10_000


@pytest.mark.parametrize(("algorithm", "length"), [(AES, 16), (AES, 31), (SM4, 32), (SM4, 0)])
def test_a_key_of_another_length_is_refused(algorithm, length):
    with pytest.raises(ValueError, match=f"^a key for {algorithm} has {algorithm.key_bytes} bytes$"):
        DataKey(KEY_ID, algorithm, b"k" * length)


@BOTH
def test_fresh_keys_differ(algorithm):
    keys = [DataKey.fresh(algorithm) for _ in range(100)]
    assert len({key.secret for key in keys}) == len({key.key_id for key in keys}) == 100


@given(st.binary(max_size=100))
def test_a_box_has_one_text_that_needs_no_escaping(box):
    text = box_text(box)
    assert not set(text) & set("+/= \n")
    assert box_bytes(text) == box


@pytest.mark.parametrize("text", ["AQ==", "AR", "A", "A Q", "AQ\n", "A+/A", "王", "AQ!"])
def test_another_text_of_the_same_bytes_is_no_box(text):
    with pytest.raises(Unsealable):
        box_bytes(text)


@BOTH
def test_a_sealed_model_comes_back_and_shows_nothing_meanwhile(algorithm):
    key = a_key(algorithm)
    text = seal_json(key, APPLICANT, CONTEXT)
    assert unseal_json(key, text, CONTEXT, Applicant) == APPLICANT
    assert APPLICANT.phone.encode() not in box_bytes(text)


def test_a_model_of_another_kind_is_refused_without_quoting_the_person():
    text = seal_json(a_key(), APPLICANT, CONTEXT)
    with pytest.raises(Unreadable) as caught:
        unseal_json(a_key(), text, CONTEXT, Diagnosis)
    error = caught.value
    assert error.code == "sealed-unreadable"
    assert error.detail == "what was sealed is no Diagnosis: int_parsing, missing"
    assert error.__cause__ is None
    assert error.__context__ is None


def test_no_text_form_shows_a_secret():
    encoded = base64.b64encode(CANARY).decode()
    key, master = DataKey(KEY_ID, AES, CANARY), MasterKey("m1", CANARY)
    values = (key, MasterKeys([master], AES), master)
    for value in (*values, Desk(*values), ValueError(*values)):
        text = f"{value} {value!r} {[value]} {masked(value)} {masked({'one': value})}"
        assert "canary" not in text
        assert encoded[:12] not in text
    assert str(KEY_ID) in repr(key)


def test_a_failure_shows_neither_key_nor_plain_text():
    key = DataKey(KEY_ID, AES, CANARY)
    box = seal(key, CANARY, CONTEXT)
    with pytest.raises(Unsealable) as caught:
        unseal(key, box, b"elsewhere")
    assert "canary" not in "".join(traceback.format_exception(caught.value))
    assert describe(caught.value) == "shared.sealing.Unsealable"


def test_sm4_gcm_gives_the_answer_of_rfc_8998():
    key = DataKey(KEY_ID, SM4, bytes.fromhex("0123456789abcdeffedcba9876543210"))
    nonce = bytes.fromhex("00001234567800000000abcd")
    plain = b"".join(bytes([byte]) * 8 for byte in b"\xaa\xbb\xcc\xdd\xee\xff\xee\xaa")
    associated = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    answer = bytes.fromhex(
        "17f399f08c67d5ee19d0dc9969c4bb7d5fd46fd3756489069157b282bb200735"
        "d82710ca5c22f0ccfa7cbf93d496ac15a56834cbcf98c397b4024a2691233b8d"
        "83de3541e4c2b58177e065a9bf7b62ec"
    )
    assert aead(key).encrypt(nonce, plain, associated) == answer
    assert aead(key).decrypt(nonce, answer, associated) == plain


def test_aes_256_gcm_gives_the_answer_of_the_gcm_specification():
    """Test case 16 of McGrew and Viega, the submission to NIST."""
    key = DataKey(KEY_ID, AES, bytes.fromhex("feffe9928665731c6d6a8f9467308308" * 2))
    nonce = bytes.fromhex("cafebabefacedbaddecaf888")
    plain = bytes.fromhex(
        "d9313225f88406e5a55909c5aff5269a86a7a9531534f7da2e4c303d8a318a72"
        "1c3c0c95956809532fcf0e2449a6b525b16aedf5aa0de657ba637b39"
    )
    associated = bytes.fromhex("feedfacedeadbeeffeedfacedeadbeefabaddad2")
    answer = bytes.fromhex(
        "522dc1f099567d07f47f37a32a84427d643a8cdcbfe5c0c97598a2bd2555d1aa"
        "8cb08e48590dbb3da7b08b1056828838c5f61e6393ba7a0abcc9f662"
        "76fc6ece0f4e1768cddf8853bb2d551b"
    )
    assert aead(key).encrypt(nonce, plain, associated) == answer
    assert aead(key).decrypt(nonce, answer, associated) == plain
