"""The loops that bring messages out: texts to the provider, the rest into inboxes."""

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import structlog
from prometheus_client import Counter, Gauge

from services.notify.actions import delivering as actions
from services.notify.actions.delivering import Claim, Report
from services.notify.actions.opening import Vault
from services.notify.domain.delivering import Answer, Busy, Patience, Unclear, Unknown
from services.notify.sms import Provider, Text
from services.notify.store.announcing import read_versions
from services.notify.store.reading import count_missed, read_queue
from shared.batching import Batcher
from shared.contracts.messages import MessageChannel
from shared.errors import Unavailable
from shared.policy_versions import tell_versions
from shared.postgres import AWAY, PASSING, Database

ANSWERS = Counter("notify_sms_answers_total", "Answers of the SMS provider by kind", ["answer"])
SHOWN = Counter("notify_inbox_shown_total", "Messages put into inboxes")
DEPTH = Gauge("notify_queue_depth", "Messages that wait or are being sent", ["channel"])
OLDEST = Gauge("notify_queue_oldest_seconds", "Age of the oldest message that is not sent yet", ["channel"])
MISSED = Gauge("notify_messages_missed", "Messages that did not reach their person")

SHORTEST, LONGEST = 0.01, 0.1
"""Seconds between two looks for due messages, while there are some and while there are none."""

GATHER = 0.005
SHOW_AT_ONCE = 500
LOOK_EVERY = 5.0
PASSES: tuple[type[BaseException], ...] = (*AWAY, *PASSING, Unavailable)

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Pace:
    """How texts are handed over: so many `at_once`, each under a lease that outlives asking and sending."""

    at_once: int = 32
    lease: timedelta = timedelta(seconds=30)
    patience: Patience = field(default_factory=Patience)


class Line:
    """How the provider has answered lately: after a row of bad answers it is tried gently."""

    def __init__(self) -> None:
        self.bad_answers = 0
        self.last_reason: str | None = None

    def heard(self, answer: Answer) -> None:
        """Take note of an answer; any that shows the provider at work ends a bad row."""
        ANSWERS.labels(type(answer).__name__.lower()).inc()
        bad = isinstance(answer, Busy | Unclear)
        self.bad_answers = self.bad_answers + 1 if bad else 0
        self.last_reason = answer.reason if isinstance(answer, Busy | Unclear) else None

    def room(self, most: int) -> int:
        """How many texts may be on their way at once: half as many for every four bad answers in a row."""
        return max(1, most >> min(self.bad_answers // 4, 30))

    def pause(self) -> float:
        """Seconds to wait before the next claim: growing to one when the line seems dead."""
        return 0.0 if self.bad_answers < 20 else min(0.05 * 2 ** min(self.bad_answers - 20, 5), 1.0)

    async def ready(self) -> str | None:
        """None while the provider's last answer was a good one, else what was wrong with it."""
        return f"the SMS provider: {self.last_reason}" if self.last_reason else None


class Delivery:
    """Hands texts over: claims them under a lease, sends outside any transaction, records each answer."""

    def __init__(
        self,
        vault: Vault,
        provider: Provider,
        *,
        now: Callable[[], datetime],
        jitter: Callable[[], float],
        pace: Pace,
    ) -> None:
        self._vault = vault
        self._provider = provider
        self._now = now
        self._jitter = jitter
        self._pace = pace
        self._records: Batcher[Report, None] = Batcher(self._record)
        self.line = Line()

    async def run(self) -> None:
        """Send until cancelled; what is on its way then is answered and recorded before the end."""
        async with asyncio.TaskGroup() as recording:
            recorder = recording.create_task(self._records.run())
            try:
                await self._send()
            finally:
                recorder.cancel()

    async def _send(self) -> None:
        """Keep texts on their way until cancelled: the group is left in peace, so that it ends its work."""
        async with asyncio.TaskGroup() as deliveries:
            with contextlib.suppress(asyncio.CancelledError):
                await self._send_due(deliveries)
        raise asyncio.CancelledError

    async def _send_due(self, deliveries: asyncio.TaskGroup) -> None:
        on_the_way: set[asyncio.Task[None]] = set()
        pause = SHORTEST
        while True:
            width = self.line.room(self._pace.at_once)
            room = width - len(on_the_way)
            if room < max(1, width // 4):
                await asyncio.wait(on_the_way, return_when=asyncio.FIRST_COMPLETED)
                continue
            claims = await self._claim(room)
            for claim in claims:
                task = deliveries.create_task(self._deliver(claim))
                on_the_way.add(task)
                task.add_done_callback(on_the_way.discard)
            pause = SHORTEST if claims else min(pause * 2, LONGEST)
            await asyncio.sleep(max(pause, self.line.pause()))

    async def _claim(self, room: int) -> list[Claim]:
        try:
            return await actions.claim_texts(self._vault, self._now(), room, self._pace.lease)
        except PASSES as error:
            log.warning("delivery-waits", reason=type(error).__name__)
            await asyncio.sleep(1)
            return []

    async def _deliver(self, claim: Claim) -> None:
        """Carry one claim through; what cannot be recorded is claimed again when its lease ends."""
        answer = await self._hand_over(claim)
        self.line.heard(answer)
        try:
            await self._records.submit(Report(claim.message_id, claim.attempt, answer, self._jitter()))
        except PASSES as error:
            log.warning("answer-not-recorded", message_id=str(claim.message_id), reason=type(error).__name__)

    async def _hand_over(self, claim: Claim) -> Answer:
        if claim.ask_first:
            known = await self._provider.ask(claim.message_id)
            if not isinstance(known, Unknown) or not claim.may_send:
                return known
        return await self._provider.send(Text(claim.message_id, claim.phone, claim.text, claim.template))

    async def _record(self, reports: list[Report]) -> list[None]:
        # The answers of the next few milliseconds share the next transaction.
        await asyncio.sleep(GATHER)
        return await actions.record_attempts(self._vault.database, reports, self._now(), self._pace.patience)


class Inboxes:
    """Puts messages into the inboxes of persons, and keeps the figures of the queue."""

    def __init__(self, database: Database, now: Callable[[], datetime]) -> None:
        self._database = database
        self._now = now

    async def run(self) -> None:
        """Show what is due until cancelled."""
        pause = SHORTEST
        while True:
            try:
                shown = await actions.show_inbox_messages(self._database, self._now(), SHOW_AT_ONCE)
            except PASSES as error:
                log.warning("inboxes-wait", reason=type(error).__name__)
                shown, pause = 0, 0.5
            SHOWN.inc(shown)
            pause = SHORTEST if shown else min(pause * 2, LONGEST)
            await asyncio.sleep(pause)

    async def watch(self) -> None:
        """Look at the queue every few seconds until cancelled."""
        while True:
            with contextlib.suppress(*PASSES):
                await self._look()
            await asyncio.sleep(LOOK_EVERY)

    async def _look(self) -> None:
        waiting, now = await read_queue(self._database), self._now()
        for channel in MessageChannel:
            depth, oldest = waiting.get(channel, (0, now))
            DEPTH.labels(channel).set(depth)
            OLDEST.labels(channel).set((now - oldest).total_seconds())
        MISSED.set(await count_missed(self._database))
        tell_versions(await read_versions(self._database))
