"""aiokafka on uvloop: a write to a closed transport is a broken connection."""

from typing import Any

from aiokafka.conn import AIOKafkaConnection, CloseReason
from aiokafka.errors import KafkaConnectionError

_send = AIOKafkaConnection.send


def mend() -> None:
    """Make every connection of the client library say KafkaConnectionError when its transport is closed.

    asyncio drops such a write; uvloop raises RuntimeError, which the library does not expect: the task that
    keeps a client's metadata ends of it, unnoticed, and the client waits for ever, even to be stopped.
    """
    AIOKafkaConnection.send = _send_or_break


def _send_or_break(connection: AIOKafkaConnection, request: Any, expect_response: bool = True) -> Any:
    try:
        return _send(connection, request, expect_response=expect_response)
    except RuntimeError as error:
        connection.close(reason=CloseReason.CONNECTION_BROKEN)
        raise KafkaConnectionError(f"Connection at {connection.host}:{connection.port} broken") from error
