"""All benches on one stack, the table of their ratios, and the file tests/bench/latest.json."""

import argparse
import asyncio
import json
import os
import platform
from importlib.metadata import version
from pathlib import Path
from statistics import median

import asyncpg
from rich.console import Console
from rich.table import Table

from tests.bench import auditing, outage, reading, rebuilding, relaying, reviewing, submitting
from tests.bench.pairs import Comparison
from tests.bench.place import PROCESSES, Place, place

LATEST = Path(__file__).parent / "latest.json"
BASELINE = Path(__file__).parent / "baseline.json"
ALL = ("B1", "B2", "B3", "B6", "B7", "B9", "B10", "B11", "B12", "B14", "B15", "B16")


async def measure(chosen: set[str]) -> tuple[list[Comparison], dict[str, str]]:
    """Run the chosen benches one after the other on one stack."""
    found: list[Comparison] = []
    async with place() as here:
        facts = await conditions(here)
        for service in ("intake", "review"):
            await asyncio.to_thread(here.running.migrate, service)
        if chosen & {"B10", "B11"}:
            found += await rebuilding.growth(here)
        await asyncio.to_thread(here.instance, "intake", "intake-consumer", "consumer")
        apis = [f"intake-api-{number}" for number in range(PROCESSES)]
        ports = [await asyncio.to_thread(here.instance, "intake", name, "api") for name in apis]
        if chosen & {"B1", "B2"}:
            rates = await submitting.submit_rate(here, ports)
            found.append(rates)
            if "B2" in chosen:
                found.append(await submitting.submit_latency(here, ports, median(rates.b) / 2))
        if "B14" in chosen:
            found.append(await submitting.sealing_cost(here, ports))
        for name in apis:
            await asyncio.to_thread(here.running.stop, name)
        await asyncio.to_thread(here.running.stop, "intake-consumer")
        found += await without_intake(here, chosen)
        if chosen & {"B6", "B7", "B12"}:
            found += await with_all_roles(here, chosen)
    return found, facts


async def without_intake(here: Place, chosen: set[str]) -> list[Comparison]:
    """The benches of which no process of intake or review is a part."""
    found: list[Comparison] = []
    if "B3" in chosen:
        found.append(await relaying.relay_rate(here))
    if "B9" in chosen:
        found.append(await auditing.audit_rate(here))
    if chosen & {"B15", "B16"}:
        found += await reading.policy_reads(here, chosen)
    return found


async def with_all_roles(here: Place, chosen: set[str]) -> list[Comparison]:
    """The benches for which intake and review run as they do in production, all roles in one process."""
    found: list[Comparison] = []
    port = await asyncio.to_thread(here.instance, "intake", "intake-all", "all")
    await outage.drain(here)
    await asyncio.to_thread(here.instance, "review", "review-all", "all")
    await reviewing.quiet(here)
    if "B6" in chosen:
        found.append(await reviewing.visible_latency(here, port))
    await asyncio.to_thread(here.running.stop, "review-all")
    if "B7" in chosen:
        found.append(await reviewing.consumer_rate(here))
    if "B12" in chosen:
        found += await outage.outage(here, port)
    return found


async def conditions(here: Place) -> dict[str, str]:
    """What a ratio means nothing without: versions and durability."""
    database = await asyncpg.connect(here.running.stack.postgres_admin)
    shown = {name: await database.fetchval(f"SHOW {name}") for name in ("server_version", "fsync")}
    shown["synchronous_commit"] = await database.fetchval("SHOW synchronous_commit")
    await database.close()
    packages = ("aiokafka", "asyncpg", "confluent-kafka", "faststream", "uvicorn", "pydantic")
    return {
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "kafka": "4.1.0, one node, acks=all, idempotent producers",
        **{f"postgres {name}": value for name, value in shown.items()},
        **{name: version(name) for name in packages},
    }


def show(found: list[Comparison]) -> None:
    """The table a person reads."""
    table = Table(title="Ratios: ours / bare")
    for column in ("", "what", "ours", "bare", "ratio", "range", "floor", "target", "moonshot", ""):
        table.add_column(column, justify="left" if column in {"", "what"} else "right")
    for c in found:
        row = c.as_json()
        table.add_row(
            c.name,
            c.title,
            f"{row['a']:,} {c.unit}",
            f"{row['b']:,}",
            f"{c.ratio:.2f}",
            f"{c.spread[0]:.2f}–{c.spread[1]:.2f}",
            *(f"{goal:g}" for goal in (c.goal.floor, c.goal.target, c.goal.moonshot)),
            ("met" if row["met"] else "[red]below the floor[/]") + (" unsteady" if c.unsteady else ""),
        )
    Console(width=160).print(table)


def main() -> int:
    """Measure, show, write; 1 when a floor is not met."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help=f"only these of {', '.join(ALL)}")
    chosen = set(parser.parse_args().only) or set(ALL)
    found, facts = asyncio.run(measure(chosen))
    show(found)
    results = {c.name: c.as_json() for c in found}
    before = json.loads(BASELINE.read_text()) if BASELINE.exists() else {}
    for name, row in results.items():
        was = before.get(name, {}).get("ratio")
        if was and not 0.6 < float(str(row["ratio"])) / was < 1.7:
            print(f"{name} moved from {was} to {row['ratio']}: look why")
    LATEST.write_text(json.dumps({**results, "conditions": facts}, indent=2, ensure_ascii=False) + "\n")
    return 0 if all(row["met"] for row in results.values()) else 1
