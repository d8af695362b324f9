"""A simulated SMS gateway that can be slow, failing, silent or double."""

from __future__ import annotations

import json
import re
import sys
import threading
import time
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from hmac import compare_digest
from pathlib import Path
from typing import Protocol

from deploy.local.simulated import Answer, Asked, Route, refuse_outside_embedded, serve
from deploy.local.sms_receipts import Receipts

MODES = ("normal", "slow", "error", "silent", "double")
DEFAULT_DELAYS = {"normal": 0, "slow": 3_000, "error": 0, "silent": 30_000, "double": 0}
RECEIPT_SECONDS = 0.05


@dataclass(frozen=True, slots=True)
class Behaviour:
    """How the gateway answers: its mode, and the pause before an answer in milliseconds."""

    mode: str = "normal"
    delay_ms: int = 0


@dataclass(frozen=True, slots=True)
class Sent:
    """A text the gateway took: handed over `calls` times with this reference, each reached the phone."""

    reference: str
    provider_id: str
    phone: str
    text: str
    template: str
    state: str
    calls: int


class Reports(Protocol):
    """Who tells the sender, later, what became of a text."""

    def send(self, callback: str, receipt: Mapping[str, str], after_seconds: float) -> None:
        """Post the receipt to the callback after the pause."""


class SmsGateway:
    """Takes texts, remembers them in a file, and reports their delivery to the sender's callback.

    `slow` answers late; `error` refuses with 503 and sends nothing; `silent` sends the text but closes the
    connection without an answer and reports no delivery; `double` reports each delivery twice.
    """

    def __init__(self, record: Path, secret: str, receipts: Reports) -> None:
        self._record = record
        self._secret = secret
        self._receipts = receipts
        self._behaviour = Behaviour()
        self._guard = threading.Lock()
        self._sent: dict[str, Sent] = _remembered(record)

    def post_message(self, asked: Asked) -> Answer:
        """Take a text: 202 with the provider's id, 400 when it can never be sent, 401 without the secret."""
        given = asked.headers.get("authorization", "")
        if not compare_digest(given.encode(), f"Bearer {self._secret}".encode()):
            return Answer(401, {"code": "unauthorized"})
        message = asked.json()
        behaviour = self._behaviour
        if behaviour.mode == "error":
            time.sleep(behaviour.delay_ms / 1000)
            return Answer(503, {"code": "unavailable"})
        if not re.fullmatch(r"\+?\d{11,15}", str(message["phone"])):
            return Answer(400, {"code": "invalid-phone"})
        sent = self._take(message)
        self._report(sent, message.get("callback"), behaviour)
        time.sleep(behaviour.delay_ms / 1000)
        if behaviour.mode == "silent":
            return Answer(0, None)
        return Answer(202, {"provider_id": sent.provider_id})

    def get_by_reference(self, asked: Asked) -> Answer:
        """What became of the text with the sender's reference."""
        sent = self._sent.get(asked.path.rsplit("/", 1)[1])
        if sent is None:
            return Answer(404, {"code": "unknown-reference"})
        return Answer(200, {"provider_id": sent.provider_id, "state": sent.state})

    def get_sent(self, asked: Asked) -> Answer:
        """The texts taken so far, all or those of one phone or reference."""
        phone, reference = asked.query.get("phone"), asked.query.get("reference")
        with self._guard:
            chosen = [
                sent
                for sent in self._sent.values()
                if phone in {None, sent.phone} and reference in {None, sent.reference}
            ]
        return Answer(200, [asdict(sent) for sent in chosen])

    def post_behaviour(self, asked: Asked) -> Answer:
        """Change how the gateway behaves from now on."""
        wanted = asked.json()
        mode = str(wanted.get("mode", "normal"))
        if mode not in MODES:
            raise ValueError(f"mode is one of {', '.join(MODES)}")
        delay = wanted.get("delay_ms")
        self._behaviour = Behaviour(mode, DEFAULT_DELAYS[mode] if delay is None else int(str(delay)))
        return Answer(200, asdict(self._behaviour))

    def _take(self, message: dict[str, object]) -> Sent:
        reference = str(message["reference"])
        with self._guard:
            known = self._sent.get(reference)
            sent = (
                replace(known, calls=known.calls + 1)
                if known
                else Sent(
                    reference=reference,
                    provider_id=uuid.uuid4().hex,
                    phone=str(message["phone"]),
                    text=str(message["text"]),
                    template=str(message.get("template", "")),
                    state="delivered",
                    calls=1,
                )
            )
            self._sent[reference] = sent
            with self._record.open("a") as record:
                record.write(json.dumps(asdict(sent), ensure_ascii=False) + "\n")
        return sent

    def _report(self, sent: Sent, callback: object, behaviour: Behaviour) -> None:
        if not callback or behaviour.mode == "silent":
            return
        receipt = {"reference": sent.reference, "provider_id": sent.provider_id, "state": sent.state}
        for _ in range(2 if behaviour.mode == "double" else 1):
            self._receipts.send(str(callback), receipt, RECEIPT_SECONDS + behaviour.delay_ms / 1000)


def routes(gateway: SmsGateway) -> dict[tuple[str, str], Route]:
    """The gateway's paths."""
    return {
        ("POST", "/messages"): gateway.post_message,
        ("GET", "/messages/by-reference/"): gateway.get_by_reference,
        ("GET", "/sent"): gateway.get_sent,
        ("POST", "/behaviour"): gateway.post_behaviour,
    }


def _remembered(record: Path) -> dict[str, Sent]:
    if not record.exists():
        return {}
    known: dict[str, Sent] = {}
    text = record.read_text()
    if not text.endswith("\n"):
        record.write_text(f"{text}\n")  # a killed process may leave half a line
    for line in text.splitlines():
        try:
            sent = Sent(**json.loads(line))
        except ValueError:
            continue
        known[sent.reference] = sent
    return known


def main(home: Path, port: int) -> None:
    """Serve the gateway of the stack in the run folder."""
    refuse_outside_embedded()
    record = home / "sms" / "sent.jsonl"
    record.parent.mkdir(exist_ok=True)
    secret = (home / "keys" / "sms.secret").read_text().strip()
    serve(port, routes(SmsGateway(record, secret, Receipts(secret))))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
