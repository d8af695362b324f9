"""A file is what its content says, and no more than its limit."""

from uuid import UUID

import pytest

from services.intake.api.uploading import Room
from services.intake.domain.papers import MOST_BYTES, content_type_of, require_agreement, require_size
from services.intake.materials import place_of
from shared.errors import Refused, Unavailable
from tests.support.intake import PDF

HEIC = b"\x00\x00\x00\x18ftypheic\x00\x00\x00\x00"
HEADS = {
    "application/pdf": PDF,
    "image/jpeg": b"\xff\xd8\xff\xe0\x00\x10JFIF",
    "image/png": b"\x89PNG\r\n\x1a\n\x00\x00",
    "image/heic": HEIC,
}


@pytest.mark.parametrize(("kind", "head"), HEADS.items())
def test_the_four_kinds_are_told_by_their_first_bytes(kind, head):
    assert content_type_of(head) == kind
    assert require_agreement(kind.upper() + "; charset=binary", head) == kind


@pytest.mark.parametrize(
    "head", [b"", b"PK\x03\x04", b"<html>", b"\x00\x00\x00\x18ftypmp42", b"GIF89a", b" %PDF-1.7", b"\xff\xd8"]
)
def test_anything_else_is_not_told(head):
    assert content_type_of(head) is None


@pytest.mark.parametrize(
    "claimed", ["image/gif", "application/zip", "text/html", "", "application/octet-stream"]
)
def test_other_types_are_not_taken(claimed):
    with pytest.raises(Refused) as caught:
        require_agreement(claimed, PDF)
    assert (caught.value.code, caught.value.status) == ("content-type-not-allowed", 415)


def test_claim_and_content_must_agree():
    with pytest.raises(Refused) as caught:
        require_agreement("image/png", PDF)
    assert (caught.value.code, caught.value.status) == ("content-differs", 422)


def test_15_mib_are_taken_and_not_a_byte_more():
    require_size(MOST_BYTES)
    with pytest.raises(Refused, match="material-too-large"):
        require_size(MOST_BYTES + 1)
    with pytest.raises(Refused, match="material-empty"):
        require_size(0)


def test_papers_are_spread_over_folders():
    assert place_of(UUID("ab" * 16)) == "materials/ab/" + "ab" * 16


def test_uploads_wait_outside_when_the_room_is_full_and_come_in_when_one_leaves():
    room = Room(100)
    with room.reserve(60):
        with pytest.raises(Unavailable), room.reserve(41):
            pass
        with room.reserve(40):
            pass
    with room.reserve(100):
        pass
