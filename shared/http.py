"""ASGI by hand, for routes that FastAPI would slow down, and the limits that hold for every route."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from shared import problems
from shared.errors import Refused

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

JSON_LIMIT = 1024 * 1024
"""Bytes of a JSON body."""

BODY_PATIENCE = 30.0
"""Seconds from the first byte of a request to the last of its body."""


DRAIN_MOST = 16 * JSON_LIMIT
DRAIN_PATIENCE = 1.0


class BodyTooLarge(Refused):
    """A body over the limit in bytes; `unread` tells whether more of it is on the way."""

    def __init__(self, limit: int, *, unread: bool) -> None:
        super().__init__("body-too-large", f"the body may have {limit} bytes at most", status=413)
        self.unread = unread


class ClientGone(Exception):
    """The client hung up before its request was whole; there is nobody to answer."""


async def read_body(receive: Receive) -> bytes:
    """Read a whole request body; ClientGone when the caller hangs up before it is there."""
    message = await receive()
    if not message.get("more_body"):
        return _part(message)
    parts = [_part(message)]
    while message.get("more_body"):
        message = await receive()
        parts.append(_part(message))
    return b"".join(parts)


async def drain(receive: Receive) -> None:
    """Read on for a moment after a refusal, so that the caller meets the answer and no closed door."""
    read = 0
    with suppress(TimeoutError):
        async with asyncio.timeout(DRAIN_PATIENCE):
            while read < DRAIN_MOST:
                message = await receive()
                read += len(message.get("body", b""))
                if not message.get("more_body"):
                    return


def limited_receive(receive: Receive, limit: int, patience: float = BODY_PATIENCE) -> Receive:
    """Wrap an ASGI receive so that a body over the limit or slower than 30 s is refused."""
    deadline = asyncio.get_running_loop().time() + patience
    read, whole = 0, False

    async def limited() -> Message:
        nonlocal read, whole
        if whole:
            return await receive()
        try:
            async with asyncio.timeout_at(deadline):
                message = await receive()
        except TimeoutError:
            raise Refused(
                "body-too-slow", f"the body did not arrive within {patience:g} seconds", status=408
            ) from None
        read += len(message.get("body", b""))
        whole = not message.get("more_body", False)
        if read > limit:
            raise BodyTooLarge(limit, unread=not whole)
        return message

    return limited


def require_declared_size(scope: Scope, limit: int) -> None:
    """Refuse (413) a body that its Content-Length header says is over the limit in bytes."""
    length = next((value for name, value in scope["headers"] if name == b"content-length"), b"0")
    if length.isdigit() and int(length) > limit:
        raise BodyTooLarge(limit, unread=not any(name == b"expect" for name, _ in scope["headers"]))


async def send_json(
    send: Send, status: int, body: bytes, headers: Iterable[tuple[bytes, bytes]] = ()
) -> None:
    """Answer with a JSON body that is already encoded."""
    await _send(send, status, body, ((b"content-type", b"application/json"), *headers))


async def send_problem(send: Send, error: Exception, instance: str = "") -> None:
    """Answer with problem details; a request that was cut off takes its connection with it."""
    status, details = problems.problem(error)
    headers = [(b"content-type", problems.MEDIA_TYPE.encode())]
    headers += [(name.encode(), value.encode()) for name, value in problems.problem_headers(error).items()]
    if status in {HTTPStatus.REQUEST_ENTITY_TOO_LARGE, HTTPStatus.REQUEST_TIMEOUT}:
        headers.append((b"connection", b"close"))
    await _send(send, status, problems.encode(details, instance), headers)


def limit_for(path: str, limits: Mapping[str, int]) -> int:
    """Find the body limit of a path in bytes: that of the first prefix that fits, else 1 MiB."""
    return next((limit for prefix, limit in limits.items() if path.startswith(prefix)), JSON_LIMIT)


def _part(message: Message) -> bytes:
    if message["type"] == "http.disconnect":
        raise ClientGone
    body: bytes = message.get("body", b"")
    return body


async def _send(send: Send, status: int, body: bytes, headers: Iterable[tuple[bytes, bytes]]) -> None:
    length = (b"content-length", str(len(body)).encode())
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
