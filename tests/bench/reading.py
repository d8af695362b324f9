"""B15 and B16: policy reads against a dict of the same answers, and the memory that 300 regions take."""

import asyncio
import pickle
import signal
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from itertools import cycle, islice
from pathlib import Path

import httpx

from services.catalog import actions
from services.catalog.app import MIGRATIONS, read_sheets
from shared.postgres import Database, migrate
from tests.bench.load import Result, closed_loop, get
from tests.bench.pairs import Comparison, Goal, alternate
from tests.bench.place import PROCESSES, ROOT, Place, free_port, listens
from tests.support.many_regions import keep_regions, many_regions

SECONDS = 4.0
REGIONS = 300
FEW = 2
ROUNDS = 3
WHERE = "/api/catalog/regions"
ASKED = "/materials?disease=SRG-012&application_type=new"
EVERYTHING = (
    "",
    "?sources=true",
    "/versions",
    "/diseases",
    "/diseases/SRG-012",
    "/institutions",
    "/channels",
    "/deadlines",
    "/guide",
    ASKED,
)


async def policy_reads(place: Place, chosen: set[str]) -> list[Comparison]:
    """B15 and B16, if they are chosen, on a catalog of 300 regions in a database of their own."""
    url = await place.running.fresh_database("catalog")
    await migrate(url, MIGRATIONS)
    database = await Database.open(url, name="bench")
    now = datetime.now(UTC)
    await actions.deliver(database, read_sheets(), now)
    await keep_regions(database, many_regions(REGIONS), now)
    await database.close()
    benches = {"B15": read_rate, "B16": read_memory}
    return [await measure(place, url) for name, measure in benches.items() if name in chosen]


async def read_rate(place: Place, url: str) -> Comparison:
    """B15: check lists and guides of 300 regions per second, 64 connections."""
    names = [f"catalog-api-{number}" for number in range(PROCESSES)]
    ports = [await _catalog(place, url, name) for name in names]
    targets = [f"{WHERE}/region{number:03}{part}" for number in range(REGIONS) for part in (ASKED, "/guide")]
    answers = {target: await _read(port, target) for port in ports for target in targets}
    comparison = Comparison(
        "B15", "policy reads / a dict of the same answers", "requests/s", Goal(0.5, 0.7, 0.9)
    )
    comparison.extra["body bytes"] = sum(map(len, answers.values())) // len(answers)
    requests = list(islice(cycle(map(get, targets)), 400_000))

    async def rate(of: Sequence[int]) -> float:
        result = await closed_loop(of, requests, SECONDS)
        _all_given(result)
        return result.answered

    async with _plain(place, answers) as plain_ports:
        await rate(ports)
        await rate(plain_ports)
        await alternate(comparison, lambda: rate(ports), lambda: rate(plain_ports))
    for name in names:
        await asyncio.to_thread(place.running.stop, name)
    return comparison


async def read_memory(place: Place, url: str) -> Comparison:
    """B16: resident memory after everything of 300 regions was read, and before, after that of two."""
    comparison = Comparison(
        "B16", "memory after reading 300 regions / after 2", "MB", Goal(1.25, 1.1, 1.02, higher=False)
    )
    for _ in range(ROUNDS):
        port = await _catalog(place, url, "catalog-api")
        pid = place.running.pid("catalog-api")
        for _ in range(ROUNDS):
            await _read_everything(port, FEW)
        comparison.b.append(_resident(pid))
        await _read_everything(port, REGIONS)
        comparison.a.append(_resident(pid))
        await asyncio.to_thread(place.running.stop, "catalog-api")
    return comparison


async def _catalog(place: Place, url: str, name: str) -> int:
    settings = {"MENTE_DATABASE_URL": url}
    return await asyncio.to_thread(place.running.start_instance, "catalog", name, "api", settings)


async def _read(port: int, target: str) -> bytes:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
        return (await client.get(target)).raise_for_status().content


async def _read_everything(port: int, regions: int) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=20) as client:
        (await client.get(WHERE)).raise_for_status()
        for number in range(regions):
            # Twice, because what is asked for once is kept for a shorter time.
            for part in (*EVERYTHING, *EVERYTHING):
                (await client.get(f"{WHERE}/region{number:03}{part}")).raise_for_status()


@asynccontextmanager
async def _plain(place: Place, answers: dict[str, bytes]) -> AsyncIterator[list[int]]:
    file = Path(place.running.stack.home) / "plain-answers"
    file.write_bytes(pickle.dumps(answers))
    ports = [free_port() for _ in range(PROCESSES)]
    command = (sys.executable, "-m", "tests.bench.plain_answers")
    running = [
        await asyncio.create_subprocess_exec(*command, str(port), str(file), cwd=ROOT) for port in ports
    ]
    try:
        for port in ports:
            await listens(port)
        yield ports
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
            await process.wait()


def _resident(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    (kilobytes,) = (line.split()[1] for line in lines if line.startswith("VmRSS:"))
    return int(kilobytes) / 1024


def _all_given(result: Result) -> None:
    """A fast run that refuses something measures nothing."""
    if set(result.statuses) != {200}:
        raise SystemExit(f"not every request was answered 200: {result.statuses}")
