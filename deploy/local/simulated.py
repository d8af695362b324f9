"""A small JSON server for the systems that the embedded stack stands in for."""

from __future__ import annotations

import json
import os
import signal
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import FrameType
from urllib.parse import parse_qsl, urlsplit

from deploy.local.ports import ADDRESS

BODY_BYTES = 1_000_000


@dataclass(frozen=True, slots=True)
class Asked:
    """One request: path, query, headers with lower-case names, body."""

    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: bytes

    def json(self) -> dict[str, object]:
        """The body as a JSON object; ValueError when it is none."""
        found = json.loads(self.body)
        if not isinstance(found, dict):
            raise ValueError("a JSON object was expected")  # noqa: TRY004
        return found


@dataclass(frozen=True, slots=True)
class Answer:
    """Status and JSON body; status 0 closes the connection without an answer."""

    status: int
    body: object


Route = Callable[[Asked], Answer]


def refuse_outside_embedded() -> None:
    """End with exit code 2 unless the embedded stack started this program: it trusts everyone who asks."""
    if os.environ.get("MENTE_EMBEDDED") != "1":
        sys.stderr.write("This stand-in runs inside the embedded stack only (MENTE_EMBEDDED=1).\n")
        sys.exit(2)


def serve(port: int, routes: Mapping[tuple[str, str], Route]) -> None:
    """Answer on 127.0.0.1 until SIGTERM; a route is (method, path), one ending in `/` takes all below it."""
    handler = type("Handler", (_Handler,), {"routes": {**routes, ("GET", "/health"): _healthy}})
    server = _Server((ADDRESS, port), handler)
    signal.signal(signal.SIGTERM, _leave)
    try:
        server.serve_forever()
    except SystemExit:
        server.server_close()


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Header and body leave in two writes: with Nagle's algorithm each answer would take 40 ms.
    disable_nagle_algorithm = True
    routes: Mapping[tuple[str, str], Route] = {}

    def do_GET(self) -> None:
        self._handle("GET")

    def do_POST(self) -> None:
        self._handle("POST")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Write no line per request."""

    def _handle(self, method: str) -> None:
        length = int(self.headers.get("content-length") or 0)
        if length > BODY_BYTES:
            self.close_connection = True
            self._send(Answer(413, {"code": "too-large"}))
            return
        parts = urlsplit(self.path)
        headers = {name.lower(): value for name, value in self.headers.items()}
        asked = Asked(parts.path, dict(parse_qsl(parts.query)), headers, self.rfile.read(length))
        self._send(self._answer(method, asked))

    def _answer(self, method: str, asked: Asked) -> Answer:
        prefix = asked.path.rsplit("/", 1)[0] + "/"
        route = self.routes.get((method, asked.path)) or self.routes.get((method, prefix))
        if route is None:
            return Answer(404, {"code": "not-found"})
        try:
            return route(asked)
        except (ValueError, KeyError) as unreadable:
            return Answer(400, {"code": "unreadable", "detail": str(unreadable)})

    def _send(self, answer: Answer) -> None:
        if answer.status == 0:
            self.close_connection = True
            return
        body = json.dumps(answer.body, ensure_ascii=False).encode()
        self.send_response(answer.status)
        self.send_header("content-type", "application/json; charset=utf-8")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


def _healthy(_asked: Asked) -> Answer:
    return Answer(200, {"status": "ok"})


def _leave(_number: int, _frame: FrameType | None) -> None:
    sys.exit(0)
