"""A record of a channel is read as an offer, or its sender is told why not."""

import json
from datetime import timedelta
from hashlib import sha256

import pytest
from aiokafka import ConsumerRecord
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from services.intake.consumer import Letterbox, reader
from services.intake.domain.submitting import Offer, TurnedAway
from shared.access import Channel, Channels, SignedCall, sign
from shared.errors import Unreadable
from shared.sealed_submissions import seal_submission
from tests.support.intake import CHANNEL, NOON, a_body
from tests.support.private import SUBMISSION_KEYS

KEY = Ed25519PrivateKey.generate()
PEM = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
SCOPES = frozenset({"applications:write"})
BODY = json.dumps(a_body()).encode()


def letterbox(scopes=SCOPES) -> Letterbox:
    channel = Channel(CHANNEL, "小程序", "app", scopes, frozenset({"panzhihua"}))
    return Letterbox(Channels([(channel, KEY.public_key())]), SUBMISSION_KEYS)


def sealed(body):
    return seal_submission(SUBMISSION_KEYS.public(), body)


def a_record(key="key-1", body=BODY, seal=sealed, signed_at=NOON, appended_at=NOON, offset=7, **headers):
    body = seal(body)
    signed = sign(PEM, CHANNEL, SignedCall.publish(key, body), signed_at) | headers
    return ConsumerRecord(
        topic="channel.submissions",
        partition=3,
        offset=offset,
        timestamp=int(appended_at.timestamp() * 1000),
        timestamp_type=1,
        key=key.encode(),
        value=body,
        checksum=None,
        serialized_key_size=0,
        serialized_value_size=0,
        headers=tuple((name, value.encode()) for name, value in signed.items()),
    )


def read(scopes=SCOPES, **changes):
    return reader(letterbox(scopes))(a_record(**changes))


def test_a_signed_record_is_an_offer_as_of_the_brokers_time():
    received = read(signed_at=NOON + timedelta(minutes=4))
    assert isinstance(received.event, Offer)
    assert (received.event.channel, received.event.key) == (CHANNEL, "key-1")
    assert received.event.received_at == NOON


def test_the_same_body_sealed_twice_is_the_same_submission():
    first, again = read(), read()
    assert first.record.value != again.record.value
    assert first.event.body_hash == again.event.body_hash == sha256(BODY).digest()


def test_a_record_read_twice_is_one_and_two_records_are_two():
    signed = a_record()
    assert reader(letterbox())(signed).event_id == reader(letterbox())(signed).event_id
    assert read(offset=7).event_id != read(offset=8).event_id


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"mente-signature": "AAAA"}, "signature-invalid"),
        ({"appended_at": NOON + timedelta(minutes=6)}, "timestamp-outside-window"),
        ({"idempotency-key": "another"}, "signature-invalid"),
        ({"body": b"{"}, "json-invalid"),
        ({"seal": lambda _: b""}, "submission-unopened"),
        ({"body": b"[" * 100_000}, "json-invalid"),
        ({"body": b"{}"}, "request-invalid"),
        ({"scopes": frozenset()}, "scope-missing"),
        ({"seal": bytes}, "submission-unsealed"),
        ({"seal": lambda body: sealed(body)[:-1]}, "submission-unopened"),
    ],
)
def test_a_known_channel_is_told_what_is_wrong(changes, code):
    turned_away = read(**changes).event
    assert isinstance(turned_away, TurnedAway)
    assert (turned_away.channel, turned_away.key, turned_away.refused.code) == (CHANNEL, "key-1", code)


def test_missing_fields_are_listed():
    defects = read(body=b"{}").event.refused.extra["defects"]
    assert {"region", "applicant", "materials"} <= {defect["field"] for defect in defects}


@pytest.mark.parametrize(
    "changes", [{"mente-channel": "nobody"}, {"key": "a key with blanks"}, {"key": "键"}]
)
def test_what_cannot_be_answered_is_unreadable(changes):
    with pytest.raises(Unreadable):
        read(**changes)


def test_half_a_character_is_refused_and_not_a_bug():
    body = BODY.replace(b"\\u6d4b", b"\\ud800")
    assert read(body=body).event.refused.code in {"json-invalid", "request-invalid"}


@pytest.mark.parametrize("name", ["a\\u0000b", "x" * 201])
def test_a_nul_or_too_long_field_is_refused_at_the_door(name):
    body = json.dumps(a_body()).replace(json.dumps("测试员"), f'"{name}"').encode()
    assert read(body=body).event.refused.extra["defects"][0]["field"] == "applicant.name"
