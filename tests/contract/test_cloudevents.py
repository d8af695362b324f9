"""An independent judge: the CloudEvents SDK reads what the relay writes."""

import json
from datetime import timedelta
from uuid import UUID

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat
from uuid_utils.compat import uuid7

from deploy.contracts.files import EXAMPLES
from shared.contracts.base import Event
from shared.outbox import body
from tests.support.published import record_of
from tests.support.samples import NOON, an_application_submitted

STATED = [event for module in EXAMPLES for _, event in module.EXAMPLES if isinstance(event, Event)]
EVENTS = [event for event in STATED if body(event) is not None]
TRACEPARENT = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"


def read(record):
    """What the SDK makes of a record."""
    message = KafkaMessage(headers=dict(record["headers"]), key=record["key"], value=record["value"])
    return from_binary(message, JSONFormat())


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.type)
def test_the_sdk_reads_every_event(event):
    judged = read(record_of(event, sequence=3))
    assert judged.get_specversion() == "1.0"
    assert judged.get_type() == event.type
    assert judged.get_source() == "mente/intake"
    assert judged.get_time() == event.occurred_at
    assert judged.get_subject() == event.key == judged.get_extension("partitionkey")
    assert judged.get_extension("sequence") == "3"
    assert judged.get_datacontenttype() == "application/json"
    assert judged.get_data() == json.loads(body(event))


def test_the_sdk_reads_a_tombstone():
    (erased,) = [event for event in STATED if event.is_tombstone]
    record = record_of(erased, sequence=2)
    judged = read(record)
    assert record["value"] is None
    assert (judged.get_type(), judged.get_subject()) == ("person-erased", str(erased.person_id))


def test_an_event_keeps_its_id():
    event_id = uuid7()
    assert UUID(read(record_of(an_application_submitted(), 1, event_id=event_id)).get_id()) == event_id


def test_a_moment_keeps_its_microseconds():
    event = an_application_submitted(occurred_at=NOON + timedelta(microseconds=123_456))
    assert read(record_of(event, 1)).get_time() == event.occurred_at


def test_no_header_but_the_traceparent_lies_outside_the_envelope():
    record = record_of(an_application_submitted(), 1, traceparent=TRACEPARENT)
    names = [name for name, _ in record["headers"]]
    outside = [name for name in names if not name.startswith("ce_") and name != "content-type"]
    assert outside == ["traceparent"]
    assert len(names) == len(set(names))


def test_the_record_carries_the_time_of_the_event():
    record = record_of(an_application_submitted(), 1)
    assert record["timestamp"] == int(NOON.timestamp() * 1000)
    assert json.loads(record["value"])["occurred_at"] == "2026-09-18T04:00:00Z"
