"""A channel under test: it submits by HTTP and on the bus, and tries again until it holds an answer."""

import asyncio
import itertools
import json
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx

from deploy.local.stack import Stack
from shared.sealed_submissions import seal_submission
from shared.signing import SUBMISSIONS, SignedCall, sign
from tests.support.bus import Bus
from tests.support.intake import CHANNEL, PDF, a_body, a_material, an_id_number
from tests.support.recorder import Answer, Key, Recorder

PATH = "/api/intake/applications"
PAPERS = ("e_insurance_credential", "application_form", "diagnosis_certificate", "test_report")
GIVE_UP = 60.0
"""Seconds after which a channel stops trying; it is then an error of the run."""

people = itertools.count()


def a_submission(number: int, **changes: Any) -> dict[str, Any]:
    """What the city's mini-program sends for the person of this number: hypertension, all papers."""
    born = date(1950, 1, 1) + timedelta(days=number // 999)
    applicant = {
        "name": "测试员",
        "id_number": an_id_number(f"{born:%Y%m%d}", number % 999 + 1),
        "phone": f"1990000{number % 10_000:04d}",
    }
    notice = {"version": "panzhihua-notice-2", "read_at": datetime.now(UTC).isoformat()}
    papers = [a_material(kind) for kind in PAPERS]
    return a_body(**{"applicant": applicant, "notice": notice, "materials": papers, **changes})


class Driver:
    """Submits for one channel and writes everything down."""

    def __init__(self, stack: Stack, recorder: Recorder, rng: random.Random, **client: Any) -> None:
        self.recorder = recorder
        self.rng = rng
        self._pem = stack.channel_key(CHANNEL).read_bytes()
        self._submission_key = stack.submission_key()
        options = {"base_url": stack.service_url("intake"), **client}
        limits = httpx.Limits(max_connections=400, max_keepalive_connections=64)
        self._http = httpx.AsyncClient(timeout=10, limits=limits, trust_env=False, **options)

    async def __aenter__(self) -> "Driver":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def upload(self) -> None:
        """Upload the paper that all submissions name."""
        headers = {**self._signed("/api/intake/materials", PDF), "content-type": "application/pdf"}
        answer = await self._http.post("/api/intake/materials", content=PDF, headers=headers)
        assert answer.status_code == 201, answer.text

    async def submit(self, key: Key | None = None, *, tries: int = 1000) -> None:
        """Submit for a new person, or a submission again; the same key and body until it is answered."""
        key = key or self.prepare()
        began = asyncio.get_running_loop().time()
        for _ in range(tries):
            if await self._try(key):
                return
            assert asyncio.get_running_loop().time() - began < GIVE_UP, f"{key} was never answered"
            await asyncio.sleep(self.rng.uniform(0.05, 0.2))

    async def withdraw(self, acceptance_no: str) -> None:
        """Take an application back."""
        target = f"{PATH}/{acceptance_no}/withdrawal"
        answer = await self._http.post(target, headers=self._signed(target, b""))
        assert answer.status_code == 200, answer.text

    async def burst(self, count: int) -> None:
        """Submit for so many new persons at the same moment."""
        async with asyncio.TaskGroup() as tasks:
            for _ in range(count):
                tasks.create_task(self.submit())

    @asynccontextmanager
    async def load(self, rate: float) -> AsyncIterator[None]:
        """Submit so many a second, answered or not; at the end wait for the last answer.

        One in ten is sent again after its answer: a repeat must be given the same receipt.
        """
        stop = asyncio.Event()
        async with asyncio.TaskGroup() as tasks:
            pace = tasks.create_task(self._keep_submitting(rate, tasks, stop))
            try:
                yield
            finally:
                stop.set()
                await pace

    async def offer(self, bus: Bus, key: Key | None = None) -> Key:
        """Submit on the bus for a new person, or a submission again; it is answered on intake.receipts."""
        key = key or self.prepare()
        body = seal_submission(self._submission_key, self.recorder.asked[key])
        await bus.raw(SUBMISSIONS, key[1].encode(), body, self.record_headers(key[1], body))
        return key

    def record_headers(self, key: str, body: bytes) -> list[tuple[str, bytes]]:
        """The headers that sign a record of channel.submissions."""
        signed = sign(self._pem, CHANNEL, SignedCall.publish(key, body), datetime.now(UTC))
        return [(header, value.encode()) for header, value in signed.items()]

    async def _keep_submitting(self, rate: float, tasks: asyncio.TaskGroup, stop: asyncio.Event) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in itertools.count():
            await asyncio.sleep(max(0.0, began + number / rate - loop.time()))
            if stop.is_set():
                return
            tasks.create_task(self._submit_and_repeat() if number % 10 == 0 else self.submit())

    async def _submit_and_repeat(self) -> None:
        key = self.prepare()
        await self.submit(key)
        await self.submit(key)

    async def _try(self, key: Key) -> bool:
        body = self.recorder.asked[key]
        headers = {**self._signed(PATH, body, key[1]), "content-type": "application/json"}
        try:
            response = await self._http.post(PATH, content=body, headers=headers)
        except httpx.TransportError as error:
            self.recorder.failed_tries[type(error).__name__] += 1
            return False
        if response.status_code >= 500:
            self.recorder.failed_tries[str(response.status_code)] += 1
            return False
        replay = response.headers.get("idempotent-replay") == "true"
        self.recorder.answers[key].append(Answer(response.status_code, response.content, replay))
        return True

    def prepare(self, **changes: Any) -> Key:
        """Make a submission for a new person, to be sent later; `changes` are made to its body."""
        number = next(people)
        key = (CHANNEL, f"chaos-{number}-{self.rng.randrange(1 << 32):08x}")
        self.recorder.asked[key] = json.dumps(a_submission(number, **changes)).encode()
        return key

    def _signed(self, target: str, body: bytes, key: str = "") -> dict[str, str]:
        call = SignedCall("POST", target, body=body, idempotency_key=key)
        return sign(self._pem, CHANNEL, call, datetime.now(UTC))
