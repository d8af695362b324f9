"""One embedded PostgreSQL, Kafka and Valkey for each worker; databases and topics are made per test."""

from collections.abc import Generator
from typing import Any

import pytest
from xdist.scheduler import LoadFileScheduling

from tests.support.stack import StackUnderTest, embedded_stack

TOGETHER = "tests/chaos/"


class ByFile(LoadFileScheduling):
    """Gives each worker whole files, in the order asked for; those of one stack are one."""

    def _split_scope(self, nodeid: str) -> str:
        return TOGETHER if nodeid.startswith(TOGETHER) else super()._split_scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> ByFile:
    """Where several workers share the tests, what starts servers starts them as seldom as it can."""
    return ByFile(config, log)


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """A worker's reports travel as UTF-8: what it cannot say, as half a character, is named by its number."""
    return in_utf8((yield))


def in_utf8(value: Any) -> Any:
    """The same with every text in it writable as UTF-8."""
    if isinstance(value, str):
        return value.encode(errors="backslashreplace").decode()
    if isinstance(value, dict):
        return {in_utf8(name): in_utf8(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(in_utf8, value))
    return value


@pytest.fixture(scope="session")
def servers():
    """The real servers, on free ports in a folder of their own."""
    with embedded_stack({"postgres", "kafka", "valkey"}) as running:
        yield running


@pytest.fixture(scope="session")
def kafka(servers: StackUnderTest) -> str:
    """Host and port of the broker."""
    return servers.stack.kafka
