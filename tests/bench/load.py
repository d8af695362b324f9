"""A load generator that costs little: requests are bytes made beforehand, answers only counted."""

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle, islice


@dataclass
class Result:
    """What one run measured; latencies in seconds from the intended moment of sending."""

    seconds: float = 0.0
    statuses: dict[int, int] = field(default_factory=dict)
    latencies: list[float] = field(default_factory=list)

    @property
    def created(self) -> int:
        """How many were answered 201."""
        return self.statuses.get(201, 0)

    @property
    def rate(self) -> float:
        """Created per second."""
        return self.created / self.seconds

    @property
    def answered(self) -> float:
        """Answered per second, with whatever status."""
        return sum(self.statuses.values()) / self.seconds

    def percentile(self, share: float) -> float:
        """A percentile of the latencies, in seconds."""
        ordered = sorted(self.latencies)
        return ordered[min(len(ordered) - 1, int(len(ordered) * share))]


class Line(asyncio.Protocol):
    """One keep-alive connection with one request under way."""

    def __init__(self) -> None:
        self.answer: asyncio.Future[int] | None = None
        self._rest = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport

    def data_received(self, data: bytes) -> None:
        self._rest += data
        head, separator, body = self._rest.partition(b"\r\n\r\n")
        if not separator:
            return
        lowered = head.lower()
        place = lowered.find(b"content-length:")
        length = int(lowered[place + 15 :].split(b"\r\n", 1)[0]) if place >= 0 else 0
        if len(body) >= length and self.answer is not None:
            self._rest = b""
            if not self.answer.done():
                self.answer.set_result(int(head[9:12]))

    def connection_lost(self, error: Exception | None) -> None:
        if self.answer is not None and not self.answer.done():
            self.answer.set_exception(error or ConnectionError("closed"))

    async def ask(self, request: bytes) -> int:
        """Send one request; its status."""
        self.answer = asyncio.get_running_loop().create_future()
        self.transport.write(request)
        return await self.answer


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """An HTTP/1.1 request as bytes."""
    lines = [f"POST {path} HTTP/1.1", "host: 127.0.0.1", "content-type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    lines.append(f"content-length: {len(body)}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


def get(target: str) -> bytes:
    """An HTTP/1.1 request for a path with its query, as bytes."""
    return f"GET {target} HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n".encode()


async def closed_loop(
    ports: Sequence[int], requests: Sequence[bytes], seconds: float, lines: int = 64
) -> Result:
    """As many as the processes on these ports take, with so many connections, until time or requests end."""
    result, left = Result(), iter(requests)
    connections = await _connect(ports, lines)
    began = time.perf_counter()

    async def work(line: Line) -> None:
        for request in left:
            sent = time.perf_counter()
            status = await line.ask(request)
            result.statuses[status] = result.statuses.get(status, 0) + 1
            result.latencies.append(time.perf_counter() - sent)
            if sent - began > seconds:
                return

    await asyncio.gather(*(work(line) for line in connections))
    result.seconds = time.perf_counter() - began
    _close(connections)
    return result


async def open_loop(ports: Sequence[int], requests: Sequence[bytes], rate: float, lines: int = 128) -> Result:
    """One request every 1/rate seconds whether or not earlier ones were answered."""
    result = Result()
    free: asyncio.Queue[Line] = asyncio.Queue()
    connections = await _connect(ports, lines)
    for line in connections:
        free.put_nowait(line)
    began = time.perf_counter()

    async def one(request: bytes, due: float) -> None:
        line = await free.get()
        status = await line.ask(request)
        free.put_nowait(line)
        result.statuses[status] = result.statuses.get(status, 0) + 1
        result.latencies.append(time.perf_counter() - due)

    async with asyncio.TaskGroup() as tasks:
        for number, request in enumerate(requests):
            due = began + number / rate
            if (wait := due - time.perf_counter()) > 0:
                await asyncio.sleep(wait)
            tasks.create_task(one(request, due))
    result.seconds = time.perf_counter() - began
    _close(connections)
    return result


async def _connect(ports: Sequence[int], count: int) -> list[Line]:
    loop = asyncio.get_running_loop()
    places = islice(cycle(ports), count)
    return [(await loop.create_connection(Line, "127.0.0.1", port))[1] for port in places]


def _close(connections: Sequence[Line]) -> None:
    for line in connections:
        line.transport.close()
