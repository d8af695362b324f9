"""The simulated SMS gateway: each way of being difficult, and a memory that outlives the process."""

import json
from collections.abc import Mapping
from pathlib import Path

import pytest

from deploy.local.simulated import Answer, Asked
from deploy.local.sms_gateway import SmsGateway

SECRET = "of-the-test"


class Receipts:
    """Keeps what would be posted."""

    def __init__(self) -> None:
        self.posted: list[tuple[str, Mapping[str, str]]] = []

    def send(self, callback: str, receipt: Mapping[str, str], after_seconds: float) -> None:
        self.posted.append((callback, receipt))


@pytest.fixture
def receipts() -> Receipts:
    return Receipts()


@pytest.fixture
def gateway(tmp_path: Path, receipts: Receipts) -> SmsGateway:
    return SmsGateway(tmp_path / "sent.jsonl", SECRET, receipts)


def asked(body: object = None, path: str = "/", secret: str = SECRET, **query: str) -> Asked:
    return Asked(path, query, {"authorization": f"Bearer {secret}"}, json.dumps(body).encode())


def a_text(**other: object) -> dict[str, object]:
    return {
        "reference": "r1",
        "phone": "19900001234",
        "text": "您的申请已受理",
        "template": "accepted",
        "callback": "http://127.0.0.1:1/receipts",
        **other,
    }


def behave(gateway: SmsGateway, mode: str) -> Answer:
    return gateway.post_behaviour(asked({"mode": mode, "delay_ms": 0}))


def calls(gateway: SmsGateway) -> list[int]:
    answer = gateway.get_sent(asked()).body
    assert isinstance(answer, list)
    return [sent["calls"] for sent in answer]


def test_a_text_is_taken_and_its_delivery_reported(gateway: SmsGateway, receipts: Receipts) -> None:
    answer = gateway.post_message(asked(a_text()))
    assert answer.status == 202
    ((callback, receipt),) = receipts.posted
    assert callback == "http://127.0.0.1:1/receipts"
    assert answer.body == {"provider_id": receipt["provider_id"]}
    assert receipt["state"] == "delivered"


def test_who_does_not_know_the_secret_sends_nothing(gateway: SmsGateway) -> None:
    assert gateway.post_message(asked(a_text(), secret="wrong")).status == 401
    assert calls(gateway) == []


def test_a_number_that_cannot_be_is_refused_for_good(gateway: SmsGateway) -> None:
    assert gateway.post_message(asked(a_text(phone="none"))) == Answer(400, {"code": "invalid-phone"})


def test_the_same_reference_twice_counts_two_calls_of_one_text(gateway: SmsGateway) -> None:
    first = gateway.post_message(asked(a_text()))
    assert gateway.post_message(asked(a_text())) == first
    assert calls(gateway) == [2]


def test_an_unclear_outcome_can_be_asked_for_by_reference(gateway: SmsGateway) -> None:
    behave(gateway, "silent")
    assert gateway.post_message(asked(a_text())).status == 0
    found = gateway.get_by_reference(asked(path="/messages/by-reference/r1"))
    assert found.status == 200
    assert gateway.get_by_reference(asked(path="/messages/by-reference/r2")).status == 404


def test_a_failing_gateway_sends_nothing(gateway: SmsGateway, receipts: Receipts) -> None:
    behave(gateway, "error")
    assert gateway.post_message(asked(a_text())).status == 503
    assert (calls(gateway), receipts.posted) == ([], [])


@pytest.mark.parametrize(("mode", "times"), [("normal", 1), ("slow", 1), ("double", 2), ("silent", 0)])
def test_each_mode_reports_its_number_of_times(
    gateway: SmsGateway, receipts: Receipts, mode: str, times: int
) -> None:
    behave(gateway, mode)
    gateway.post_message(asked(a_text()))
    assert len(receipts.posted) == times


def test_an_unknown_mode_is_refused(gateway: SmsGateway) -> None:
    with pytest.raises(ValueError, match="mode is one of"):
        behave(gateway, "moody")


def test_sent_texts_are_found_by_phone_and_reference(gateway: SmsGateway) -> None:
    gateway.post_message(asked(a_text()))
    gateway.post_message(asked(a_text(reference="r2", phone="19900005678")))
    found = gateway.get_sent(asked(phone="19900005678")).body
    assert isinstance(found, list)
    assert [sent["reference"] for sent in found] == ["r2"]


def test_a_killed_gateway_remembers_what_it_sent(tmp_path: Path, receipts: Receipts) -> None:
    record = tmp_path / "sent.jsonl"
    SmsGateway(record, SECRET, receipts).post_message(asked(a_text()))
    with record.open("a") as file:
        file.write('{"reference": "ha')
    again = SmsGateway(record, SECRET, receipts)
    assert again.post_message(asked(a_text())).status == 202
    assert calls(again) == [2]
    assert calls(SmsGateway(record, SECRET, receipts)) == [2]
