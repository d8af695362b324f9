"""What surrounds every request: body limit, problem responses, metrics and a span."""

import time
from collections.abc import Mapping

import structlog
from prometheus_client import Counter, Histogram

from shared import http, problems, tracing
from shared.http import App, BodyTooLarge, ClientGone, Message, Receive, Scope, Send
from shared.masking import describe

REQUESTS = Counter("mente_http_requests", "Requests answered.", ["service", "route", "method", "status"])
SECONDS = Histogram(
    "mente_http_request_seconds",
    "From the first byte of a request to the last of its answer, in seconds.",
    ["service", "route"],
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
UNMATCHED = "unmatched"

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
_SAFE = {b"x-content-type-options": b"nosniff", b"cache-control": b"no-store"}
_log = structlog.get_logger("edge")


class Edge:
    """ASGI middleware around a whole application of one service."""

    def __init__(self, app: App, *, service: str, limits: Mapping[str, int]) -> None:
        self._app = app
        self._service = service
        self._limits = limits
        self._meters: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        answer = _Answer(send)
        with tracing.start_span(scope["method"], _traceparent(scope), kind="server") as span:
            try:
                await self._answer(scope, receive, answer)
            finally:
                route = route_name(scope)
                self._count(scope["method"], route, answer.status, time.perf_counter() - began)
                if span is not None:
                    span.update_name(f"{scope['method']} {self._service}.{route}")
                    span.set_attribute("http.response.status_code", answer.status)

    async def _answer(self, scope: Scope, receive: Receive, answer: "_Answer") -> None:
        limit = http.limit_for(scope["path"], self._limits)
        try:
            http.require_declared_size(scope, limit)
            await self._app(scope, http.limited_receive(receive, limit), answer.send)
        except ClientGone:
            answer.status = 499
        except Exception as error:
            status, _ = problems.problem(error)
            self._log_error(error, status, scope)
            if answer.status:
                raise
            if isinstance(error, BodyTooLarge) and error.unread:
                await http.drain(receive)
            await http.send_problem(answer.send, error, scope["path"])

    def _log_error(self, error: Exception, status: int, scope: Scope) -> None:
        """Log what a bug was, what was away, and every refusal of access with who claimed to call."""
        deed = f"{self._service}.{route_name(scope)}"
        if status == 500:
            _log.error("bug", route=deed, exc_info=error)
        elif status == 503:
            _log.warning("unavailable", route=deed, error=describe(error))
        elif status in {401, 403}:
            channel = next((value for name, value in scope["headers"] if name == b"mente-channel"), b"")
            claimed = channel[:64].decode("latin-1")
            _log.warning("access_refused", route=deed, code=getattr(error, "code", ""), channel=claimed)

    def _count(self, method: str, route: str, status: int, seconds: float) -> None:
        method = method if method in _METHODS else "other"
        meters = self._meters.get((route, method, status))
        if meters is None:
            counter = REQUESTS.labels(self._service, route, method, str(status))
            meters = self._meters[route, method, status] = (counter, SECONDS.labels(self._service, route))
        meters[0].inc()
        meters[1].observe(seconds)


def route_name(scope: Scope) -> str:
    """Name the route that answered: the function's name, never the path, which holds ids."""
    name = getattr(scope.get("route"), "name", None) or getattr(scope.get("endpoint"), "__name__", None)
    return name if isinstance(name, str) else UNMATCHED


class _Answer:
    """Sends on, remembers the status, and adds the headers that every answer carries."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            present = {name for name, _ in message["headers"]}
            missing = [(name, value) for name, value in _SAFE.items() if name not in present]
            message["headers"] = [*message["headers"], *missing]
        await self._send(message)


def _traceparent(scope: Scope) -> str | None:
    if not tracing.on():
        return None
    return next((value.decode("latin-1") for name, value in scope["headers"] if name == b"traceparent"), None)
