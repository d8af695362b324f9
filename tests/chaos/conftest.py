"""One full stack for all faults; each test brings fresh keys and prints its seed; figures at the end."""

import os
import random
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from tests.chaos.run import Run
from tests.support.stack import StackUnderTest, embedded_stack

LONG = os.environ.get("MENTE_CHAOS") == "long"
PARTS = {"postgres", "kafka", "valkey", "oidc", "sms", "catalog", "intake", "review", "notify"}
FIGURES = "figures"


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """A test that takes `repetition` runs once in the short form and twenty times in the long one."""
    if "repetition" in metafunc.fixturenames:
        metafunc.parametrize("repetition", range(20 if LONG else 1))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """A fault takes its time: outages, leases, restarts."""
    for item in items:
        if "tests/chaos/" in str(item.path):
            item.add_marker(pytest.mark.timeout(600))


@pytest.fixture(scope="package")
def stack() -> Iterator[StackUnderTest]:
    """All servers and all services, in a folder of their own; MENTE_CHAOS_HOME names one to be kept."""
    home = os.environ.get("MENTE_CHAOS_HOME")
    with embedded_stack(PARTS, home=Path(home) if home else None) as running:
        yield running


@pytest.fixture
def seed(request: pytest.FixtureRequest) -> int:
    """The seed of this test: drawn, or given by MENTE_CHAOS_SEED to repeat a run."""
    chosen = int(os.environ.get("MENTE_CHAOS_SEED") or random.randrange(1 << 32))
    print(f"\nseed {chosen}: {request.node.name}")
    return chosen


@pytest.fixture
def rng(seed: int) -> random.Random:
    """All chance of a test comes from here."""
    return random.Random(seed)


@pytest.fixture
async def run(stack: StackUnderTest, rng: random.Random) -> AsyncIterator[Run]:
    """Channel, staff and recorder of one test on the full stack."""
    async with Run(stack, rng, LONG) as running:
        yield running


@pytest.fixture
def figures(record_property: Callable[[str, object], None]):
    """Adds one line to the table at the end."""

    def add(fault: str, **numbers: object) -> None:
        line = f"{fault:<5}" + "  ".join(f"{name} {value}" for name, value in numbers.items())
        record_property(FIGURES, line)
        print(line)

    return add


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of faults and figures."""
    reports = [one for ended in ("passed", "failed") for one in terminalreporter.getreports(ended)]
    lines = [line for report in reports for name, line in report.user_properties if name == FIGURES]
    if lines:
        terminalreporter.section("faults")
        for line in lines:
            terminalreporter.write_line(line)
