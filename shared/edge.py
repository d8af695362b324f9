"""The HTTP edge of a service: one way to build its application; its routes find the rest of it here."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, nullcontext
from typing import Any, cast

import orjson
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.telemetry import TelemetryConfig
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from shared import problems
from shared.access import ROUTES
from shared.errors import Refused, Unavailable, Unreadable
from shared.health import Health
from shared.http import App, Receive, Scope, Send, read_body, send_json, send_problem
from shared.problems import parse, problem
from shared.requests import Edge
from shared.serving import run, run_until_stopped, serve

# FastAPI's own telemetry would record what was wrong with a body in the caller's words.
_NO_TELEMETRY: TelemetryConfig = {
    "tracing": False,
    "metrics": False,
    "logs": False,
    "operation_spans": False,
    "auto_configure": False,
}

Lifespan = Callable[[FastAPI], AbstractAsyncContextManager[None]]


def application(
    title: str,
    service: str,
    health: Health,
    lifespan: Lifespan | None = None,
    *,
    body_limits: Mapping[str, int] | None = None,
) -> FastAPI:
    """Make the application of a service; `body_limits` are bytes by path prefix, 1 MiB holds elsewhere."""

    @asynccontextmanager
    async def checked(app: FastAPI) -> AsyncIterator[None]:
        require_access(service, app)
        async with lifespan(app) if lifespan else nullcontext():
            yield

    app = _Application(
        title=title,
        openapi_url=f"/api/{service}/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=checked,
        telemetry=_NO_TELEMETRY,
    )
    app.add_middleware(Edge, service=service, limits=body_limits or {})
    app.state.hot = {}
    app.state.hot_edge = Edge(app.answer_hot, service=service, limits=body_limits or {})
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(RequestValidationError, _invalid_request)
    _add_probes(app, health)
    return app


class _Application(FastAPI):
    """FastAPI, and the routes that are answered past it."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (scope["method"], scope["path"]) in self.state.hot:
            await self.state.hot_edge(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    async def answer_hot(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a hot route; a KeyError if there is none."""
        handler = self.state.hot[scope["method"], scope["path"]]
        scope["endpoint"] = handler
        await handler(scope, receive, send)


def hot_route(app: FastAPI, method: str, path: str, handler: App) -> None:
    """Answer one method and exact path by a raw ASGI function past FastAPI; its errors are translated too."""
    app.state.hot[method, path] = handler


def before_routes(app: FastAPI, middleware: Callable[[App], App]) -> None:
    """Let ASGI middleware answer inside the edge, before a route is looked for."""
    app.user_middleware.append(Middleware(cast("Any", middleware)))


def require_access(service: str, app: FastAPI) -> None:
    """RuntimeError when a route names no access in `shared.access.ROUTES`: such a service does not start."""
    names = [*_names(app.routes), *(_name(handler) for handler in app.state.hot.values())]
    open_ends = sorted(f"{service}.{name}" for name in names if f"{service}.{name}" not in ROUTES)
    if open_ends:
        raise RuntimeError(f"routes that name no access: {', '.join(open_ends)}")


def _names(routes: Iterable[Any]) -> Iterator[str]:
    for route in routes:
        inner = getattr(route, "original_router", route)
        if inner is route:
            yield _name(route)
        else:
            yield from _names(inner.routes)


def _name(route: Any) -> str:
    return str(getattr(route, "name", None) or getattr(route, "__name__", None) or repr(route))


def _add_probes(app: FastAPI, health: Health) -> None:
    async def live() -> Response:
        return _json(200, {"live": True})

    async def ready() -> Response:
        seen = await health.look()
        return _json(200 if seen["ready"] else 503, seen)

    async def metrics() -> Response:
        return Response(generate_latest(), headers={"content-type": CONTENT_TYPE_LATEST})

    app.add_api_route("/health/live", live, include_in_schema=False)
    app.add_api_route("/health/ready", ready, include_in_schema=False)
    app.add_api_route("/metrics", metrics, include_in_schema=False)


def _json(status: int, content: Any) -> Response:
    return Response(orjson.dumps(content), status, media_type="application/json")


async def _http_error(request: Request, error: Exception) -> Response:
    cause = error.__cause__
    if isinstance(cause, Refused | Unavailable | Unreadable):
        # FastAPI reads bodies itself and makes a 400 of whatever stops it, our own limits too.
        raise cause
    status = error.status_code if isinstance(error, HTTPException) else 500
    headers = getattr(error, "headers", None)
    return _problem(request, status, problems.http_problem(status), headers)


async def _invalid_request(request: Request, error: Exception) -> Response:
    found = error.errors() if isinstance(error, RequestValidationError) else []
    if any(defect["type"] == "json_invalid" for defect in found):
        raise Unreadable("json-invalid", "the body is not JSON")
    status, details = problems.invalid({**defect, "loc": defect["loc"][1:]} for defect in found)
    return _problem(request, status, details)


def _problem(
    request: Request, status: int, details: problems.Problem, headers: Mapping[str, str] | None = None
) -> Response:
    body = problems.encode(details, request.url.path)
    return Response(body, status, headers=dict(headers or {}), media_type=problems.MEDIA_TYPE)


__all__ = [
    "App",
    "Receive",
    "Send",
    "application",
    "before_routes",
    "hot_route",
    "parse",
    "problem",
    "read_body",
    "run",
    "run_until_stopped",
    "send_json",
    "send_problem",
    "serve",
]
