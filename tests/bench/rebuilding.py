"""B10 and B11: what ten times as many applications cost a rebuild, in time and in memory."""

import asyncio
import json
import resource
import sys
from pathlib import Path
from statistics import median

from deploy.audit.rebuilding import rebuild
from deploy.audit_cli.rebuilding import rebuild_place
from deploy.local.stack import Stack
from services.intake import app as intake
from tests.bench import outage
from tests.bench.load import closed_loop
from tests.bench.pairs import Comparison, Goal
from tests.bench.place import Place

FEW = 2_000
ROUNDS = 3


async def growth(place: Place) -> list[Comparison]:
    """Rebuild intake with so many applications and with ten times as many, each in a process of its own."""
    time = Comparison("B10", "rebuild of 10 N / of N applications", "s", Goal(11, 10.3, 10, higher=False))
    memory = Comparison(
        "B11", "memory of a rebuild of 10 N / of N", "MB", Goal(1.2, 1.05, 1.02, higher=False)
    )
    port = await asyncio.to_thread(place.instance, "intake", "intake-growing", "all")
    requests = place.requests(port)
    await requests.prepare()
    for number, seconds, peaks in ((FEW, time.b, memory.b), (9 * FEW, time.a, memory.a)):
        result = await closed_loop([port], requests.submissions(number), 600)
        if result.created != number:
            raise SystemExit(f"not every request was answered 201: {result.statuses}")
        await outage.drain(place)
        for _ in range(ROUNDS):
            second, peak = await _rebuild(place)
            seconds.append(second)
            peaks.append(peak)
    time.extra["events a second"] = round(10 * FEW * 2 / median(time.a))
    await asyncio.to_thread(place.running.stop, "intake-growing")
    return [time, memory]


async def _rebuild(place: Place) -> tuple[float, float]:
    command = (sys.executable, "-m", "tests.bench.rebuilding", str(place.running.stack.home))
    running = await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE)
    out, _ = await running.communicate()
    found = json.loads(out)
    if not found["equal"]:
        raise SystemExit("the rebuild found a difference")
    return found["seconds"], found["peak"]


async def _once(stack: Stack) -> None:
    place = rebuild_place(stack, "intake", intake.MIGRATIONS)
    outcome = await rebuild(place, intake.replay(), lambda _read, _total: None)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    json.dump({"equal": outcome.equal, "seconds": outcome.seconds, "peak": peak}, sys.stdout)


if __name__ == "__main__":
    asyncio.run(_once(Stack.load(Path(sys.argv[1]))))
