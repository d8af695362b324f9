"""What notify opens of sealed events: each in its own place, with its own key, and with no other."""

from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

import pytest

from services.notify.actions.opening import phone_number, words
from services.notify.domain.announcing import Recipient, Template
from services.notify.store.reading import MessageRow
from shared.contracts.applications import SubmittedPrivate
from shared.contracts.base import Private
from shared.contracts.cases import DecidedPrivate, RequestedPrivate
from shared.contracts.submissions import Person
from shared.errors import Unreadable
from shared.sealing import Algorithm, DataKey, Unsealable, seal_json

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
APPLICATION = UUID("0193a5c0-aaaa-7bbb-8ccc-ddddeeeeffff")
KEY = DataKey.fresh(Algorithm.A256GCM)
KEYS = {KEY.key_id: KEY}
PERSON = Person(name="测试员", id_number="990101199001010012", phone="19900005678")


def box(private: Private, type_: str, application_id: UUID = APPLICATION) -> str:
    return seal_json(KEY, private, f"{type_}/{application_id}".encode())


def a_recipient(type_: str = "application-submitted") -> Recipient:
    private = SubmittedPrivate(applicant=PERSON, papers=[])
    return Recipient(APPLICATION, UUID(int=1), "panzhihua", "PZH0123", KEY.key_id, box(private, type_))


def a_row(template: Template, sealed: str | None) -> MessageRow:
    return MessageRow(UUID(int=2), APPLICATION, template, 1, {}, KEY.key_id, sealed, NOW, None)


def test_the_phone_number_of_a_person_is_opened_with_their_key() -> None:
    assert phone_number(a_recipient(), KEYS) == "19900005678"


@pytest.mark.parametrize(
    "recipient",
    [
        replace(a_recipient(), sealed=None),
        replace(a_recipient(), sealed=None, key_id=None),
        replace(a_recipient(), key_id=UUID(int=9)),
    ],
)
def test_without_a_box_or_its_key_there_is_no_number(recipient: Recipient) -> None:
    assert phone_number(recipient, KEYS) is None


def test_the_box_of_another_place_does_not_open() -> None:
    for recipient in (
        replace(a_recipient(), application_id=UUID(int=9)),
        a_recipient("application-withdrawn"),
    ):
        with pytest.raises(Unsealable):
            phone_number(recipient, KEYS)


def test_a_message_is_opened_as_the_event_that_it_tells_of() -> None:
    asked = box(RequestedPrivate(details=["请补盖公章"]), "material-requested")
    assert words(a_row(Template.MATERIAL_REQUESTED, asked), KEYS) == ["请补盖公章"]
    decided = box(DecidedPrivate(opinion="材料过期", details=["早于六个月"]), "decision-made")
    assert words(a_row(Template.REJECTED, decided), KEYS) == ["早于六个月"]
    with pytest.raises(Unsealable):
        words(a_row(Template.REJECTED, asked), KEYS)
    with pytest.raises(Unreadable):
        words(a_row(Template.REJECTED, box(RequestedPrivate(details=["x"]), "decision-made")), KEYS)


def test_there_are_no_words_where_none_were_sealed_or_the_key_is_gone() -> None:
    asked = box(RequestedPrivate(details=["请补盖公章"]), "material-requested")
    assert list(words(a_row(Template.MATERIAL_REQUESTED, asked), {})) == []
    assert list(words(a_row(Template.MATERIAL_REQUESTED, None), KEYS)) == []
    assert list(words(a_row(Template.APPROVED, asked), KEYS)) == []
