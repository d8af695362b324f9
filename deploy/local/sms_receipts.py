"""Tell the sender of a text what became of it, signed, later, and again when the sender is away."""

from __future__ import annotations

import hashlib
import hmac
import http.client
import itertools
import json
import queue
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import urlsplit

WORKERS = 4
TRIES = 20
PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True, order=True)
class _Due:
    at: float
    number: int
    callback: str
    body: bytes
    tries: int


class Receipts:
    """Posts receipts to callbacks from a few threads of its own."""

    def __init__(self, secret: str) -> None:
        self._secret = secret.encode()
        self._due: queue.PriorityQueue[_Due] = queue.PriorityQueue()
        self._numbers = itertools.count()
        for _ in range(WORKERS):
            threading.Thread(target=self._work, daemon=True).start()

    def send(self, callback: str, receipt: Mapping[str, str], after_seconds: float) -> None:
        """Post the receipt after the pause; the body is signed with HMAC-SHA256 in `x-sms-signature`."""
        body = json.dumps({**receipt, "at": datetime.now(UTC).isoformat()}).encode()
        self._due.put(_Due(time.monotonic() + after_seconds, next(self._numbers), callback, body, 1))

    def _work(self) -> None:
        while True:
            due = self._due.get()
            time.sleep(max(0.0, due.at - time.monotonic()))
            if self._post(due) or due.tries >= TRIES:
                continue
            later = time.monotonic() + PAUSE_SECONDS
            self._due.put(_Due(later, next(self._numbers), due.callback, due.body, due.tries + 1))

    def _post(self, due: _Due) -> bool:
        target = urlsplit(due.callback)
        connection = http.client.HTTPConnection(target.hostname or "", target.port or 80, timeout=5)
        signature = hmac.new(self._secret, due.body, hashlib.sha256).hexdigest()
        headers = {"content-type": "application/json", "x-sms-signature": signature}
        try:
            connection.request("POST", target.path, due.body, headers)
            return connection.getresponse().status < 500
        except (OSError, http.client.HTTPException):
            return False
        finally:
            connection.close()
