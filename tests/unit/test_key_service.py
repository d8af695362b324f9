"""Master keys: data keys come back under any of them, and change from one to the next."""

import base64
from uuid import UUID

import pytest

from shared.errors import Unavailable
from shared.key_service import KeyService, MasterKeys, WrappedKey, fresh_line
from shared.sealing import Algorithm, DataKey, Unsealable, seal, unseal

AES, SM4 = Algorithm.A256GCM, Algorithm.SM4GCM
KEY_ID = UUID("0198f000-0000-7000-8000-000000000001")


def a_key() -> DataKey:
    return DataKey(KEY_ID, AES, b"k" * 32)


def a_master_file(*names: str, algorithm: Algorithm = AES) -> str:
    return "".join(fresh_line(name, algorithm) for name in names)


def flipped(box: bytes, place: int) -> bytes:
    return box[:place] + bytes([box[place] ^ 1]) + box[place + 1 :]


@pytest.mark.parametrize("algorithm", list(Algorithm))
async def test_a_wrapped_key_travels_as_json_and_comes_back(algorithm):
    masters: KeyService = MasterKeys.from_text(a_master_file("m1", algorithm=algorithm), algorithm)
    keys = [DataKey.fresh(kind) for kind in (AES, SM4, AES)]
    texts = [wrapped.model_dump_json() for wrapped in await masters.wrap(keys)]
    assert await masters.unwrap([WrappedKey.model_validate_json(text) for text in texts]) == keys


async def test_a_wrapped_key_does_not_show_the_key():
    masters = MasterKeys.from_text(a_master_file("m1"), AES)
    (wrapped,) = await masters.wrap([a_key()])
    assert a_key().secret not in wrapped.box
    assert (wrapped.master, wrapped.key_id) == ("m1", KEY_ID)


@pytest.mark.parametrize(
    "change",
    [
        {"key_id": UUID(int=7)},
        {"algorithm": SM4},
        {"master": "m1"},
        {"box": b""},
        *({"place": place} for place in (0, 1, 13, -16, -1)),
    ],
)
async def test_a_wrapped_key_that_was_altered_is_refused(change):
    masters = MasterKeys.from_text(a_master_file("m1", "m2"), AES)
    (wrapped,) = await masters.wrap([a_key()])
    if "place" in change:
        place = change["place"] % len(wrapped.box)
        change = {"box": flipped(wrapped.box, place)}
    with pytest.raises(Unsealable):
        await masters.unwrap([wrapped.model_copy(update=change)])


async def test_a_new_master_key_wraps_and_the_older_ones_still_open():
    text = a_master_file("m1")
    before = MasterKeys.from_text(text, AES)
    after = MasterKeys.from_text(text + a_master_file("m2"), AES)
    key = DataKey.fresh(AES)
    box = seal(key, b"plain", b"context")
    wrapped = await before.wrap([key])
    assert (before.current, after.current) == ("m1", "m2")
    assert [one.master for one in await after.wrap([key])] == ["m2"]
    (again,) = await after.unwrap(wrapped)
    assert unseal(again, box, b"context") == b"plain"


async def test_rewrapped_keys_need_the_older_master_key_no_more():
    old, new = a_master_file("m1"), a_master_file("m2")
    keys = [DataKey.fresh(AES) for _ in range(3)]
    wrapped = await MasterKeys.from_text(old, AES).wrap(keys)
    both = MasterKeys.from_text(old + new, AES)
    rewrapped = await both.rewrap(wrapped)
    assert [both.is_current(one) for one in (*wrapped, *rewrapped)] == [False] * 3 + [True] * 3
    assert await MasterKeys.from_text(new, AES).unwrap(rewrapped) == keys


async def test_rewrapping_twice_changes_nothing():
    old = a_master_file("m1")
    wrapped = await MasterKeys.from_text(old, AES).wrap([a_key()])
    both = MasterKeys.from_text(old + a_master_file("m2"), AES)
    once = await both.rewrap(wrapped)
    assert await both.rewrap(once) == once


async def test_an_installation_can_change_over_to_sm4():
    old = a_master_file("aes-1")
    wrapped = await MasterKeys.from_text(old, AES).wrap([a_key()])
    both = MasterKeys.from_text(old + a_master_file("sm4-1", algorithm=SM4), SM4)
    rewrapped = await both.rewrap(wrapped)
    assert [one.master for one in rewrapped] == ["sm4-1"]
    assert await both.unwrap(rewrapped) == [a_key()]


async def test_a_removed_master_key_refuses_in_plain_words():
    old = a_master_file("m1")
    wrapped = await MasterKeys.from_text(old, AES).wrap([a_key()])
    with pytest.raises(Unavailable, match="the master key m1 is not among those of this service") as caught:
        await MasterKeys.from_text(a_master_file("m2"), AES).unwrap(wrapped)
    assert caught.value.code == "master-key-missing"


async def test_another_master_key_of_the_same_name_does_not_open():
    wrapped = await MasterKeys.from_text(a_master_file("m1"), AES).wrap([a_key()])
    with pytest.raises(Unsealable):
        await MasterKeys.from_text(a_master_file("m1"), AES).unwrap(wrapped)


GOOD = base64.b64encode(b"canary-canary-canary-canary-1234").decode()
SHORT = base64.b64encode(b"canary-canary-ca").decode()
ODD = base64.b64encode(b"canary").decode()


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "there is no master key"),
        ("\n \n", "there is no master key"),
        (f"m1:{GOOD}\nm1:{SHORT}", "a master key, or the name of one, is there twice"),
        (f"m1:{GOOD}\nm2:{GOOD}", "a master key, or the name of one, is there twice"),
        (f"m1:{ODD}", "the master key m1 has neither 32 bytes nor 16"),
        (f"m1:{SHORT}", "the last master key has not the 32 bytes of A256GCM"),
        (GOOD, "line 1 is not name:base64"),
        (f"m1:{GOOD}\n\nm2:{GOOD[:-2]}", "line 3 is not name:base64"),
        ("m1:canary canary", "line 1 is not name:base64"),
        (f"Canary!:{GOOD}", "the name of a master key is up to 32 of a-z, 0-9, dot, hyphen and underscore"),
    ],
)
def test_a_wrong_master_file_is_refused_in_one_sentence_that_quotes_no_secret(tmp_path, text, fault):
    path = tmp_path / "masters"
    path.write_text(text)
    with pytest.raises(ValueError) as caught:
        MasterKeys.load(path, AES)
    assert str(caught.value) == f"the master key file {path} cannot be used: {fault}"
    assert caught.value.__context__ is None


def test_a_master_file_that_is_no_text_or_not_there_is_refused(tmp_path):
    path = tmp_path / "masters"
    with pytest.raises(ValueError, match=r"cannot be used: .*No such file"):
        MasterKeys.load(path, AES)
    path.write_bytes(b"m1:\xff")
    with pytest.raises(ValueError, match=r"cannot be used: it is not plain text$"):
        MasterKeys.load(path, AES)


async def test_a_master_file_may_have_windows_line_ends_and_blank_lines(tmp_path):
    path = tmp_path / "masters"
    path.write_bytes(b"\r\n" + a_master_file("m1", "m2").replace("\n", "\r\n").encode())
    masters = MasterKeys.load(path, AES)
    assert await masters.unwrap(await masters.wrap([a_key()])) == [a_key()]
    assert masters.current == "m2"
