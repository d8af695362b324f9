"""The AsyncAPI documents: valid, complete, and true to what the relay and the channels write."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
import yaml
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from jsonschema import Draft7Validator, Draft202012Validator, FormatChecker

from deploy.contracts import files
from deploy.contracts.asyncapi import CHANNELS
from deploy.contracts.headers import EVENT_HEADERS, SIGNED_HEADERS
from deploy.contracts.subscriptions import services
from shared import signing
from shared.contracts.topics import TOPICS
from tests.support.published import headers_written
from tests.support.samples import an_application_submitted

FOLDER = files.CONTRACTS / "asyncapi"
SPECIFICATION = Draft7Validator(json.loads((Path(__file__).parent / "asyncapi-3.0.0.json").read_text()))
DOCUMENTS = {path.stem: yaml.safe_load(path.read_text()) for path in sorted(FOLDER.glob("*.yaml"))}

every_document = pytest.mark.parametrize("name", DOCUMENTS)


def test_there_is_one_document_per_service_and_one_for_channels():
    assert set(DOCUMENTS) == {*services(), CHANNELS}


@every_document
def test_a_document_is_valid_asyncapi(name):
    SPECIFICATION.validate(DOCUMENTS[name])


def test_the_specification_refuses_a_document_that_is_wrong():
    wrong = json.loads(json.dumps(DOCUMENTS["review"]))
    wrong["operations"]["send.review.cases"]["action"] = "publish"
    wrong["channels"]["review.cases"]["bindings"]["kafka"]["partition"] = 1
    wrong["components"]["messages"]["decision-made"]["colour"] = "red"
    assert len({next(iter(error.absolute_path)) for error in SPECIFICATION.iter_errors(wrong)}) == 3


@every_document
def test_every_reference_of_a_document_leads_somewhere(name):
    document = DOCUMENTS[name]
    for reference in _references(document):
        if reference.startswith("#/"):
            assert _follow(document, reference) is not None, reference
        else:
            assert (FOLDER / reference).resolve().is_file(), reference


def test_every_topic_is_sent_by_its_writer_alone():
    for topic in TOPICS:
        senders = [
            name for name, document in DOCUMENTS.items() if f"send.{topic.name}" in document["operations"]
        ]
        assert senders == [topic.writer]


def test_every_topic_is_received_by_its_readers_alone():
    for topic in TOPICS:
        receivers = [
            name for name, document in DOCUMENTS.items() if f"receive.{topic.name}" in document["operations"]
        ]
        assert sorted(receivers) == sorted(topic.readers)


def test_every_topic_is_kept_as_the_register_says():
    for topic in TOPICS:
        settings = DOCUMENTS[topic.writer]["channels"][topic.name]["bindings"]["kafka"]["topicConfiguration"]
        assert settings["cleanup.policy"] == [topic.cleanup_policy]
        assert settings["retention.ms"] == topic.retention_ms


def test_the_relay_writes_the_headers_that_are_documented():
    headers = headers_written(an_application_submitted(), sequence=1)
    schema = {**EVENT_HEADERS, "additionalProperties": False}
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(headers)


def test_a_channel_signs_with_the_headers_that_are_documented():
    pem = Ed25519PrivateKey.generate().private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    call = signing.SignedCall.publish(str(uuid4()), b"{}")
    headers = signing.sign(pem, "shili_app", call, datetime(2026, 9, 18, 4, tzinfo=UTC))
    Draft202012Validator({**SIGNED_HEADERS, "additionalProperties": False}).validate(headers)
    assert set(headers) == set(SIGNED_HEADERS["required"])


def _references(part: Any) -> list[str]:
    if isinstance(part, list):
        return [reference for inner in part for reference in _references(inner)]
    if not isinstance(part, dict):
        return []
    own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
    return own + [reference for inner in part.values() for reference in _references(inner)]


def _follow(document: Any, reference: str) -> Any:
    place = document
    for step in reference.removeprefix("#/").split("/"):
        place = place.get(step) if isinstance(place, dict) else None
    return place
