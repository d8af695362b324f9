"""A service's state is what the topics say: rebuilt from them alone beside the live tables, it is equal."""

import importlib
import io
import random
from collections.abc import AsyncIterator, Iterator

import pytest
from rich.console import Console

from deploy.audit.rebuilding import Outcome, rebuild
from deploy.demo import STORIES, run
from deploy.local.stack import PARTS, Stack
from deploy.rebuild_cli import rebuild_place
from tests.chaos.run import Run
from tests.support.stack import StackUnderTest, embedded_stack

pytestmark = pytest.mark.timeout(600)
SERVICES = ("intake", "review", "notify")


@pytest.fixture(scope="module")
def running() -> Iterator[StackUnderTest]:
    """The whole system on free ports."""
    with embedded_stack(PARTS) as started:
        yield started


@pytest.fixture(scope="module")
async def history(running: StackUnderTest) -> AsyncIterator[Run]:
    """Stories with every act, many who only submit, one who withdraws, and texts that never go out."""
    for name in STORIES:
        told = io.StringIO()
        assert await run(running.stack, only=name, as_json=True, screen=Console(file=told)), told.getvalue()
    async with Run(running, random.Random(7), long=False) as living:
        await living.driver.burst(12)
        first, *_ = living.recorder.receipts().values()
        await living.driver.withdraw(first["acceptance_no"])
        yield living


async def rebuilt(stack: Stack, service: str, **options) -> Outcome:
    """What a rebuild of this service finds."""
    app = importlib.import_module(f"services.{service}.app")
    place = rebuild_place(stack, service, app.MIGRATIONS)
    return await rebuild(place, app.replay(), lambda *_: None, **options)


@pytest.mark.parametrize("service", SERVICES)
async def test_the_live_tables_are_what_the_topics_say_while_life_goes_on(history: Run, service: str) -> None:
    async with history.driver.load(rate=10):
        found = await rebuilt(history.stack, service)

    assert found.equal, (found.faults, found.comparison.first)
    assert found.comparison.live.hash == found.comparison.rebuilt.hash
