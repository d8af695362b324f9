"""F1: intake is killed in the middle of commits, under load; channels try again with the same key."""

import asyncio

from tests.support import invariants
from tests.support.driver import Driver
from tests.support.observing import APPLICATIONS, fetch
from tests.support.readers import fresh_service
from tests.support.recorder import Recorder
from tests.support.stack import in_thread

KILLS = 3
BROKEN = "intake without unique keys"
NO_UNIQUE_KEYS = """
ALTER TABLE applications DROP CONSTRAINT applications_channel_idempotency_key_key;
DROP INDEX applications_open"""
POLICIES = "SELECT region, version, effective_from, document FROM policies"
KEEP = "INSERT INTO policies (region, version, effective_from, document) VALUES ($1, $2, $3, $4)"


async def test_a_killed_intake_loses_and_doubles_no_submission(run, figures, repetition):
    restarts = []
    async with run.driver.load(run.rate):
        for _ in range(KILLS):
            await asyncio.sleep(run.rng.uniform(0.2, 0.8))
            crowd = asyncio.create_task(run.driver.burst(40))
            await run.driver.offer(run.bus)
            await asyncio.sleep(run.rng.uniform(0.0, 0.06))
            await run.kill("intake")
            restarts.append(await run.restart("intake"))
            await crowd
    await run.review(2)
    world = await run.quiet()
    assert not (found := run.breaches(world)), found[:20]
    assert run.recorder.failed_tries, "no try was ever cut off: the kills proved nothing"
    figures(
        "F1",
        **run.totals(world),
        kills=KILLS,
        unanswered=run.recorder.failed_tries.total(),
        **{"committed unanswered": run.recorder.found_committed()},
        restart=f"{max(restarts):.1f} s",
    )


async def test_the_check_catches_an_intake_without_unique_keys(stack, rng):
    dsn, recorder = await without_unique_keys(stack), Recorder()
    settings = {"MENTE_DATABASE_URL": dsn}
    port = await asyncio.to_thread(stack.start_instance, "intake", BROKEN, "api", settings)
    try:
        url = f"http://127.0.0.1:{port}"
        async with Driver(stack.stack, recorder, rng, base_url=url) as driver:
            await driver.upload()
            async with driver.load(20):
                await driver.burst(20)
                await in_thread(stack.kill, BROKEN)
                await in_thread(stack.start, BROKEN)
    finally:
        await in_thread(stack.stop, BROKEN)
    found = await fetch(dsn, APPLICATIONS, [key for _, key in recorder.asked])
    assert invariants.each_acknowledged_is_one_application(recorder, found)
    assert invariants.each_key_is_one_application(recorder, found)


async def without_unique_keys(stack) -> str:
    """The DSN of a database of intake that knows the policies and lets the same key in twice."""
    dsn, database = await fresh_service(stack, "intake")
    for row in await fetch(stack.stack.database_as_admin("intake"), POLICIES):
        await database.execute(KEEP, *row.values())
    await database.execute(NO_UNIQUE_KEYS)
    await database.close()
    return dsn
