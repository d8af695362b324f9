"""B1 and B2: submitting by HTTP against a bare endpoint with one INSERT a request; two processes each."""

import asyncio
from collections.abc import Sequence

from tests.bench.load import Result, closed_loop, open_loop, post
from tests.bench.pairs import Comparison, Goal, alternate
from tests.bench.place import Place

SECONDS = 4.0

TAIL_PAIRS = 9
"""More than usual: the p99 of four seconds is what the worst moment in them was, on either side."""


async def submit_rate(place: Place, ports: Sequence[int]) -> Comparison:
    """B1: submissions per second, as many as it takes, 64 connections."""
    requests = place.requests(ports[0])
    await requests.prepare()
    comparison = Comparison("B1", "HTTP submit / bare INSERT endpoint", "requests/s", Goal(0.5, 1.0, 2.0))

    async def ours() -> float:
        result = await closed_loop(ports, requests.submissions(20_000), SECONDS)
        _all_created(result)
        return result.rate

    async def bare() -> float:
        body = requests.submissions(1)[0].partition(b"\r\n\r\n")[2]
        result = await closed_loop(place.bare_ports, [post("/", body, {})] * 60_000, SECONDS)
        _all_created(result)
        return result.rate

    await closed_loop(ports, requests.submissions(2000), 1.0)
    await bare()
    return await alternate(comparison, ours, bare)


async def submit_latency(place: Place, ports: Sequence[int], rate: float) -> Comparison:
    """B2: the 99th percentile of submit and of the bare endpoint, both at half the bare one's maximum."""
    requests = place.requests(ports[0])
    comparison = Comparison(
        "B2", "p99 of submit / p99 of the bare endpoint, open loop", "ms", Goal(3.0, 1.5, 1.0, higher=False)
    )
    comparison.extra["rate"] = round(rate)
    number = int(rate * SECONDS)
    p50: list[float] = []

    async def ours() -> float:
        result = await open_loop(ports, requests.submissions(number), rate)
        _all_created(result)
        p50.append(result.percentile(0.5) * 1000)
        return result.percentile(0.99) * 1000

    async def bare() -> float:
        body = requests.submissions(1)[0].partition(b"\r\n\r\n")[2]
        result = await open_loop(place.bare_ports, [post("/", body, {})] * number, rate)
        _all_created(result)
        return result.percentile(0.99) * 1000

    await alternate(comparison, ours, bare, pairs=TAIL_PAIRS)
    comparison.extra["our p50 ms"] = round(sorted(p50)[len(p50) // 2], 2)
    return comparison


async def sealing_cost(place: Place, ports: Sequence[int]) -> Comparison:
    """B14: submissions per second with signature check, sealing and hash chain, and without."""
    requests = place.requests(ports[0])
    await requests.prepare()
    comparison = Comparison(
        "B14", "submit signed, sealed, chained / without", "requests/s", Goal(0.7, 0.85, 0.93)
    )
    names = [f"intake-plain-{number}" for number in range(len(ports))]
    plain_ports = [await asyncio.to_thread(place.plain_intake, name) for name in names]

    async def rate(of: Sequence[int]) -> float:
        result = await closed_loop(of, requests.submissions(20_000), SECONDS)
        _all_created(result)
        return result.rate

    await rate(ports)
    await rate(plain_ports)
    await alternate(comparison, lambda: rate(ports), lambda: rate(plain_ports))
    for name in names:
        await asyncio.to_thread(place.running.stop, name)
    return comparison


def _all_created(result: Result) -> None:
    """A fast run that refuses something measures nothing."""
    if set(result.statuses) != {201}:
        raise SystemExit(f"not every request was answered 201: {result.statuses}")
