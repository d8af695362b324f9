"""The thing to compare with: a raw ASGI endpoint that does one INSERT with commit per request."""

import os
import sys

import asyncpg
import uvicorn


class Bare:
    """Reads the body, inserts it, answers 201; no framework, no checks."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._pool: asyncpg.Pool | None = None

    async def __call__(self, scope, receive, send):
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        body = b""
        more = True
        while more:
            message = await receive()
            body += message.get("body", b"")
            more = message.get("more_body", False)
        await self._pool.execute("INSERT INTO bare (body) VALUES ($1)", body)
        await send({"type": "http.response.start", "status": 201, "headers": [(b"content-length", b"2")]})
        await send({"type": "http.response.body", "body": b"{}"})

    async def _live(self, receive, send):
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self._pool = await asyncpg.create_pool(self._url, min_size=10, max_size=10)
                await self._pool.execute(
                    "CREATE TABLE IF NOT EXISTS bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
                    " body bytea NOT NULL)"
                )
                await send({"type": "lifespan.startup.complete"})
            else:
                await self._pool.close()
                await send({"type": "lifespan.shutdown.complete"})
                return


if __name__ == "__main__":
    uvicorn.run(
        Bare(os.environ["BARE_DATABASE_URL"]),
        host="127.0.0.1",
        port=int(sys.argv[1]),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
