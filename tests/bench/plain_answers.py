"""The thing to compare with: a raw ASGI endpoint that answers from a dict, and 304 to who has it already."""

import hashlib
import pickle
import sys
from pathlib import Path

import uvicorn


class Plain:
    """Path and query name an answer; no framework, no metrics, no clock."""

    def __init__(self, answers: dict[str, bytes]) -> None:
        self._answers = {
            tuple(target.encode().partition(b"?")[::2]): (self._headers(body), body)
            for target, body in answers.items()
        }

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        headers, body = self._answers[scope["raw_path"], scope["query_string"]]
        held = next((value for name, value in scope["headers"] if name == b"if-none-match"), b"")
        if held == headers[0][1]:
            await send({"type": "http.response.start", "status": 304, "headers": headers[:1]})
            await send({"type": "http.response.body", "body": b""})
            return
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    @staticmethod
    def _headers(body):
        etag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'.encode()
        return [
            (b"etag", etag),
            (b"cache-control", b"no-cache"),
            (b"content-length", str(len(body)).encode()),
            (b"content-type", b"application/json"),
        ]

    async def _live(self, receive, send):
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                await send({"type": "lifespan.startup.complete"})
            else:
                await send({"type": "lifespan.shutdown.complete"})
                return


if __name__ == "__main__":
    uvicorn.run(
        Plain(pickle.loads(Path(sys.argv[2]).read_bytes())),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
