"""What the running stack says of itself: parts, consumers, outboxes, parked records."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path

import asyncpg
import httpx
import psutil

from deploy.lags import Lag, read_lags
from deploy.local.folder import supervisor_pid
from deploy.local.ports import answers
from deploy.local.stack import SERVICES, Stack

ASK_SECONDS = 3.0
DEPTH = "outbox_depth"
OLDEST = "outbox_oldest_unsent_seconds"
YEARS_MISSING = "review_calendar_years_missing"
VERSION = re.compile(r'^mente_policy_version\{region="([^"]*)"\} (\S+)$', re.MULTILINE)
HOLDERS = ("intake", "review", "notify")
OPEN_PARKED = "SELECT count(*) FROM parked WHERE state = 'open'"


@dataclass(frozen=True, slots=True)
class PartStatus:
    """One process: health is `ready`, or why it is not; memory of it and its children in MB."""

    name: str
    health: str
    port: int
    pid: int
    memory_mb: int


@dataclass(frozen=True, slots=True)
class Outbox:
    """What a service has committed and not yet published; None when the service does not say."""

    service: str
    depth: int | None
    oldest_unsent_seconds: float | None
    parked: int | None


@dataclass(frozen=True, slots=True)
class Status:
    """The whole stack at one moment; the policy versions that services hold are by service and region."""

    gateway: str
    supervisor: int
    parts: list[PartStatus]
    consumers: list[Lag]
    outboxes: list[Outbox]
    calendar_years_missing: int = 0
    policy_versions: dict[str, dict[str, int]] = field(default_factory=dict)

    @property
    def ready(self) -> bool:
        """Whether every part is ready."""
        return all(part.health == "ready" for part in self.parts)

    def as_dict(self) -> dict[str, object]:
        """The same for programs."""
        return {"ready": self.ready, **asdict(self)}


def read_status(home: Path) -> Status | None:
    """Ask everything that runs; None when nothing runs in the folder."""
    supervisor = supervisor_pid(home)
    if supervisor == 0 or not (home / "stack.json").exists():
        return None
    return asyncio.run(_read(Stack.load(home), supervisor))


def parse_gauges(text: str) -> dict[str, float]:
    """The samples without labels of a Prometheus page, by name."""
    found: dict[str, float] = {}
    for line in text.splitlines():
        name, _, value = line.partition(" ")
        if value and not line.startswith("#") and "{" not in name:
            found[name] = float(value)
    return found


def parse_versions(text: str) -> dict[str, int]:
    """The newest policy version of each region that a Prometheus page tells of."""
    return {region: int(float(value)) for region, value in VERSION.findall(text)}


def reasons(body: bytes) -> str:
    """Why a service is not ready, from the answer of its health route."""
    try:
        parts: Mapping[str, Mapping[str, object]] = json.loads(body)["parts"]
        found = [f"{name}: {part['reason']}" for name, part in parts.items() if not part["ok"]]
    except (ValueError, KeyError, TypeError, AttributeError):
        return "not ready"
    return "; ".join(found) or "not ready"


async def _read(stack: Stack, supervisor: int) -> Status:
    services = [name for name in SERVICES if name in stack.parts]
    async with httpx.AsyncClient(timeout=ASK_SECONDS, trust_env=False) as client:
        parts, outboxes, pages, lags = await asyncio.gather(
            asyncio.gather(*(_part(stack, name, client) for name in stack.parts)),
            asyncio.gather(*(_outbox(stack, name, client) for name in services)),
            asyncio.gather(*(_metrics(stack, name, client) for name in HOLDERS)),
            read_lags(stack.kafka) if "kafka" in stack.parts else _no_lags(),
        )
    told = dict(zip(HOLDERS, pages, strict=True))
    missing = int(parse_gauges(told["review"]).get(YEARS_MISSING, 0))
    versions = {name: parse_versions(page) for name, page in told.items()}
    return Status(stack.gateway_url, supervisor, list(parts), lags, list(outboxes), missing, versions)


async def _metrics(stack: Stack, service: str, client: httpx.AsyncClient) -> str:
    """The Prometheus page of a service; empty while it does not answer."""
    if service not in stack.parts:
        return ""
    try:
        return (await client.get(f"{stack.url(service)}/metrics")).text
    except httpx.HTTPError:
        return ""


async def _part(stack: Stack, name: str, client: httpx.AsyncClient) -> PartStatus:
    pid = stack.pids.get(name, 0)
    port = stack.ports["gateway" if name == "caddy" else name]
    return PartStatus(name, await _health(stack, name, port, client), port, pid, memory_mb(pid))


async def _health(stack: Stack, name: str, port: int, client: httpx.AsyncClient) -> str:
    if not psutil.pid_exists(stack.pids.get(name, 0)):
        return "not running"
    if name not in SERVICES:
        return "ready" if await asyncio.to_thread(answers, port) else "does not answer"
    try:
        answer = await client.get(f"{stack.url(name)}/health/ready")
    except httpx.HTTPError as failure:
        return f"does not answer ({type(failure).__name__})"
    return "ready" if answer.status_code == 200 else reasons(answer.content)


async def _outbox(stack: Stack, service: str, client: httpx.AsyncClient) -> Outbox:
    gauges = parse_gauges(await _metrics(stack, service, client))
    depth = gauges.get(DEPTH)
    return Outbox(
        service, None if depth is None else int(depth), gauges.get(OLDEST), await _parked(stack, service)
    )


async def _parked(stack: Stack, service: str) -> int | None:
    try:
        connection = await asyncpg.connect(stack.database(service), timeout=ASK_SECONDS)
    except (OSError, TimeoutError, asyncpg.PostgresError):
        return None
    try:
        return int(await connection.fetchval(OPEN_PARKED))
    except asyncpg.UndefinedTableError:
        return None
    finally:
        await connection.close()


async def _no_lags() -> list[Lag]:
    return []


def memory_mb(pid: int) -> int:
    """Memory of the process and its children in MB, shared pages counted once; 0 when it is gone."""
    try:
        root = psutil.Process(pid)
        tree = [root, *root.children(recursive=True)]
        return round(sum(process.memory_full_info().pss for process in tree) / 1_000_000)
    except (psutil.Error, ValueError):
        return 0
