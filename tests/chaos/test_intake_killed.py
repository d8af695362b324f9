"""F1: intake is killed in the middle of commits, under load; channels try again with the same key."""

import asyncio


async def test_a_killed_intake_loses_and_doubles_no_submission(run, figures, repetition):
    kills, restarts = 3, []
    async with run.driver.load(run.rate):
        for _ in range(kills):
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
    assert run.recorder.failed_tries
    figures(
        "F1",
        **run.totals(world),
        kills=kills,
        unanswered=run.recorder.failed_tries.total(),
        **{"committed unanswered": run.recorder.found_committed()},
        restart=f"{max(restarts):.1f} s",
    )
