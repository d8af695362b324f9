"""Sealed files: whole and in order, or refused; never short without a word."""

import tracemalloc
from collections.abc import Callable, Iterator
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.sealed_objects import HEADER_BYTES, SEGMENT, decrypt, encrypt, encrypted_size
from shared.sealing import TAG_BYTES, Algorithm, DataKey, Unsealable, seal, unseal

CONTEXT = b"material/01"
SEALED = SEGMENT + TAG_BYTES
FILLING = bytes(number * 31 % 251 for number in range(251))
BOTH = pytest.mark.parametrize("algorithm", list(Algorithm))
SIZES = pytest.mark.parametrize("size", [0, 1, 65535, 65536, 65537, 131_072, 200_000])


def a_key(algorithm: Algorithm = Algorithm.A256GCM, filling: bytes = b"k") -> DataKey:
    return DataKey(UUID(int=1), algorithm, filling * algorithm.key_bytes)


def a_file(size: int) -> bytes:
    return (FILLING * (size // len(FILLING) + 1))[:size]


def sealed(plain: bytes, algorithm: Algorithm = Algorithm.A256GCM) -> bytes:
    return b"".join(encrypt(a_key(algorithm), [plain], CONTEXT))


def opens(stream: bytes, algorithm: Algorithm = Algorithm.A256GCM) -> bytes:
    return b"".join(decrypt(a_key(algorithm), [stream], CONTEXT))


def segments(stream: bytes) -> tuple[bytes, list[bytes]]:
    body = stream[HEADER_BYTES:]
    return stream[:HEADER_BYTES], [body[start : start + SEALED] for start in range(0, len(body), SEALED)]


def cut(content: bytes, places: list[int]) -> Iterator[bytes]:
    edges = [0, *sorted(place % (len(content) + 1) for place in places), len(content)]
    return (content[start:end] for start, end in pairwise(edges))


@BOTH
@SIZES
def test_a_file_comes_back_and_has_the_size_that_was_foretold(algorithm, size):
    stream = sealed(a_file(size), algorithm)
    assert len(stream) == encrypted_size(size)
    assert opens(stream, algorithm) == a_file(size)


@settings(max_examples=60, deadline=None)
@given(
    st.sampled_from([0, 1, 65535, 65536, 65537, 200_000]),
    st.lists(st.integers(0, 10**6), max_size=12),
    st.lists(st.integers(0, 10**6), max_size=12),
)
def test_how_a_file_is_cut_into_chunks_does_not_matter(size, before, after):
    content, key = a_file(size), a_key()
    stream = b"".join(encrypt(key, cut(content, before), CONTEXT))
    assert len(stream) == encrypted_size(size)
    assert b"".join(decrypt(key, cut(stream, after), CONTEXT)) == content


def test_chunks_of_one_byte_will_do():
    content = a_file(66_000)
    stream = b"".join(encrypt(a_key(), (bytes([byte]) for byte in content), CONTEXT))
    assert b"".join(decrypt(a_key(), (bytes([byte]) for byte in stream), CONTEXT)) == content


def test_a_file_without_any_chunk_is_an_empty_file():
    stream = b"".join(encrypt(a_key(), [], CONTEXT))
    assert len(stream) == encrypted_size(0)
    assert opens(stream) == b""


@BOTH
def test_another_key_another_context_or_the_other_algorithm_does_not_open(algorithm):
    stream = sealed(a_file(70_000), algorithm)
    other = next(one for one in Algorithm if one is not algorithm)
    wrong = [(a_key(algorithm, b"K"), CONTEXT), (a_key(algorithm), b"material/02"), (a_key(other), CONTEXT)]
    for key, context in wrong:
        with pytest.raises(Unsealable):
            next(decrypt(key, [stream], context))


@BOTH
def test_a_flipped_bit_in_any_part_is_noticed(algorithm):
    stream = sealed(a_file(70_000), algorithm)
    header = range(HEADER_BYTES)
    first = [
        HEADER_BYTES,
        HEADER_BYTES + SEGMENT // 2,
        HEADER_BYTES + SEALED - TAG_BYTES,
        HEADER_BYTES + SEALED - 1,
    ]
    last = [HEADER_BYTES + SEALED, len(stream) - TAG_BYTES, len(stream) - 1]
    for place in (*header, *first, *last):
        altered = bytearray(stream)
        altered[place] ^= 1
        with pytest.raises(Unsealable):
            opens(bytes(altered), algorithm)


@SIZES
def test_a_stream_that_is_cut_short_anywhere_is_noticed(size):
    stream = sealed(a_file(size))
    edges = range(HEADER_BYTES, len(stream), SEALED)
    near = {edge + step for edge in (0, *edges, len(stream)) for step in range(-20, 21)}
    for length in sorted(near & set(range(len(stream)))):
        with pytest.raises(Unsealable):
            opens(stream[:length])


Tampering = Callable[[list[bytes]], list[bytes]]


@BOTH
@pytest.mark.parametrize(
    "tamper",
    [
        pytest.param(lambda s: s[:-1], id="the last is dropped"),
        pytest.param(lambda s: s[:1], id="only the first is left"),
        pytest.param(lambda s: s[1:], id="the first is dropped"),
        pytest.param(lambda s: [s[0], *s[2:]], id="a middle one is dropped"),
        pytest.param(lambda s: [s[1], s[0], *s[2:]], id="two are swapped"),
        pytest.param(lambda s: s[::-1], id="all are reversed"),
        pytest.param(lambda s: [s[0], s[0], *s[1:]], id="the first is doubled"),
        pytest.param(lambda s: [*s, s[-1]], id="the last is doubled"),
        pytest.param(lambda s: [*s, s[0]], id="a full one is appended"),
        pytest.param(lambda s: [*s, b"\0"], id="a byte is appended"),
        pytest.param(lambda s: [*s, bytes(SEALED)], id="zeros are appended"),
        pytest.param(lambda s: [], id="nothing is left"),
    ],
)
@pytest.mark.parametrize("size", [3 * SEGMENT, 3 * SEGMENT + 100])
def test_segments_stand_where_they_stood(algorithm, size, tamper: Tampering):
    header, parts = segments(sealed(a_file(size), algorithm))
    with pytest.raises(Unsealable):
        opens(header + b"".join(tamper(parts)), algorithm)


def test_segments_of_two_files_do_not_mix():
    _, ours = segments(sealed(a_file(3 * SEGMENT)))
    header, theirs = segments(sealed(a_file(3 * SEGMENT)))
    with pytest.raises(Unsealable):
        opens(header + theirs[0] + ours[1] + theirs[2])


def test_the_good_part_of_a_cut_stream_is_followed_by_a_refusal():
    content = a_file(3 * SEGMENT)
    stream = sealed(content)[: HEADER_BYTES + 2 * SEALED]
    reading = decrypt(a_key(), [stream], CONTEXT)
    assert next(reading) == content[:SEGMENT]
    with pytest.raises(Unsealable):
        next(reading)


def test_a_box_is_no_file_and_a_file_is_no_box():
    with pytest.raises(Unsealable):
        opens(seal(a_key(), b"x" * 100, CONTEXT))
    with pytest.raises(Unsealable):
        unseal(a_key(), sealed(b"x" * 100), CONTEXT)


def test_the_same_file_twice_gives_two_streams():
    assert len({sealed(b"x")[:HEADER_BYTES] for _ in range(1000)}) == 1000


def test_a_long_file_needs_little_memory():
    def chunks() -> Iterator[bytes]:
        return (bytes(10_000) for _ in range(1500))

    tracemalloc.start()
    try:
        length = sum(map(len, decrypt(a_key(), encrypt(a_key(), chunks(), CONTEXT), CONTEXT)))
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert length == 15_000_000
    assert peak < 16 * SEGMENT
