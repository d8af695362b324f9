"""One embedded PostgreSQL, Kafka and Valkey for the whole run; databases and topics are made per test."""

import pytest

from tests.support.stack import StackUnderTest, embedded_stack


@pytest.fixture(scope="session")
def servers():
    """The real servers, on free ports in a folder of their own."""
    with embedded_stack({"postgres", "kafka", "valkey"}) as running:
        yield running


@pytest.fixture(scope="session")
def kafka(servers: StackUnderTest) -> str:
    """Host and port of the broker."""
    return servers.stack.kafka
