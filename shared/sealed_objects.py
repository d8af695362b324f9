"""Sealing of files of any length with little memory: segments in a fixed order with a marked end (STREAM)."""

import secrets
from collections.abc import Iterable, Iterator
from itertools import chain

from shared.sealing import TAG_BYTES, Algorithm, Key, Unsealable, aead, opened

SEGMENT = 64 * 1024
"""Plain bytes of a segment; only the last one may be shorter."""

HEADER_BYTES = 9
"""One byte of format, one of algorithm, seven random ones that begin every nonce."""

_FORMAT = b"\x02"
_PREFIX_BYTES = 7
_CODES = {Algorithm.A256GCM: b"\x01", Algorithm.SM4GCM: b"\x02"}


def encrypt(key: Key, chunks: Iterable[bytes], context: bytes) -> Iterator[bytes]:
    """Seal a file that comes in chunks of any length: a header of 9 bytes, then segments with their tags.

    `context` says what the file belongs to. Raises OverflowError past 2^32 segments (256 TiB).
    """
    # Seven random bytes are enough for the files of one person: among a million under one key
    # two begin alike with a chance of less than one in 100,000.
    header = _FORMAT + _CODES[key.algorithm] + secrets.token_bytes(_PREFIX_BYTES)
    cipher = aead(key)
    yield header
    for nonce, segment in _numbered(header, _pieces(chunks, SEGMENT)):
        yield cipher.encrypt(nonce, segment, header + context)


def decrypt(key: Key, chunks: Iterable[bytes], context: bytes) -> Iterator[bytes]:
    """Open what `encrypt` gave, cut in any way; every segment is checked before it is handed on.

    Raises Unsealable for a wrong key or context and for whatever was altered, moved, doubled, added or cut
    off; the file is whole only when the iterator has ended.
    """
    header, rest = _beheaded(chunks)
    if header[:2] != _FORMAT + _CODES[key.algorithm]:
        raise Unsealable
    cipher = aead(key)
    for nonce, segment in _numbered(header, _pieces(rest, SEGMENT + TAG_BYTES)):
        yield opened(cipher, nonce, segment, header + context)


def encrypted_size(plain_size: int) -> int:
    """The bytes that `encrypt` gives for so many plain ones."""
    segments = max(1, -(-plain_size // SEGMENT))
    return HEADER_BYTES + plain_size + segments * TAG_BYTES


def _numbered(header: bytes, pieces: Iterable[tuple[bytes, bool]]) -> Iterator[tuple[bytes, bytes]]:
    """Give each piece its nonce: the random prefix, its number in four bytes, one byte for the last."""
    prefix = header[-_PREFIX_BYTES:]
    for number, (piece, is_last) in enumerate(pieces):
        yield prefix + number.to_bytes(4, "big") + bytes([is_last]), piece


def _pieces(chunks: Iterable[bytes], size: int) -> Iterator[tuple[bytes, bool]]:
    """Cut chunks anew into pieces of `size` bytes, the last of them marked; there is always a last one."""
    held = bytearray()
    for chunk in chunks:
        view = memoryview(chunk)
        for start in range(0, len(view), size):
            held += view[start : start + size]
            # A full piece is held back until more follows, because it may be the last.
            if len(held) > size:
                yield bytes(held[:size]), False
                del held[:size]
    yield bytes(held), True


def _beheaded(chunks: Iterable[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Take the header off a stream; a stream that is shorter gives a shorter one."""
    source = iter(chunks)
    start = b""
    while len(start) < HEADER_BYTES and (chunk := next(source, None)) is not None:
        start += chunk
    return start[:HEADER_BYTES], chain([start[HEADER_BYTES:]], source)
