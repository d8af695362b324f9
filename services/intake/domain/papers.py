"""What an uploaded file is, judged by its first bytes, and the name it is kept under."""

import hmac
from collections.abc import Iterable
from hashlib import sha256

from services.intake.domain.validating import MIB
from shared.contracts.applications import Paper, paper
from shared.contracts.submissions import Material
from shared.errors import Refused

MOST_BYTES = 15 * MIB
ENOUGH_TO_TELL = 12
"""So many first bytes are needed to tell the kinds apart."""

HEIC_BRANDS = frozenset({b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1"})
KINDS = frozenset({"application/pdf", "image/jpeg", "image/png", "image/heic"})


def content_type_of(head: bytes) -> str | None:
    """Tell the type of a file from its first bytes; None for anything but PDF, JPEG, PNG and HEIC."""
    if head.startswith(b"%PDF-"):
        return "application/pdf"
    if head.startswith(b"\xff\xd8\xff"):
        return "image/jpeg"
    if head.startswith(b"\x89PNG\r\n\x1a\n"):
        return "image/png"
    if head[4:8] == b"ftyp" and head[8:12] in HEIC_BRANDS:
        return "image/heic"
    return None


def require_size(size: int) -> None:
    """Refuse with `material-too-large` (413) above 15 MiB and `material-empty` (422) at nothing."""
    if size > MOST_BYTES:
        raise Refused("material-too-large", f"a file may have {MOST_BYTES} bytes", status=413)
    if size == 0:
        raise Refused("material-empty", "the file is empty", status=422)


def require_agreement(claimed: str, head: bytes) -> str:
    """Give the type of a file if the claim and the content agree (F-P27).

    Refuses with `content-type-not-allowed` (415) or `content-differs` (422).
    """
    kind = claimed.partition(";")[0].strip().lower()
    if kind not in KINDS:
        raise Refused("content-type-not-allowed", "PDF, JPEG, PNG and HEIC are taken", status=415)
    if content_type_of(head) != kind:
        raise Refused("content-differs", f"the content is not of type {kind}", status=422)
    return kind


def name_of(lookup_key: bytes, content_hash: str) -> bytes:
    """Name a paper by a keyed hash of its content: who has the paper but not the key cannot look for it."""
    return hmac.digest(lookup_key, f"paper\0{content_hash}".encode(), sha256)


def names_of(lookup_key: bytes, materials: Iterable[Material]) -> dict[bytes, str]:
    """The content hashes (hex) of papers by their names."""
    hashes = {material.content_hash for material in materials}
    return {name_of(lookup_key, content_hash): content_hash for content_hash in hashes}


def facts_of(lookup_key: bytes, materials: Iterable[Material]) -> list[Paper]:
    """What may be known of papers without knowing the person, in their order."""
    return [paper(material, name_of(lookup_key, material.content_hash).hex()) for material in materials]
