"""Answers that were given lately, kept as bytes and sent again before a route is looked for."""

from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

from shared.http import App, Message, Receive, Scope, Send

ETAG = "catalog.etag"
"""Where a route notes the ETag of an answer that may be kept, in the scope of its request."""

MOST = 12 * 1024 * 1024
"""Bytes of all kept answers; a quarter of them is for those that were asked for once."""

FRAME = 1024
"""Bytes that keeping an answer takes beside its body and its question."""

Question = tuple[str, bytes]
"""Path and query as they were sent: nothing else of a request decides what is answered."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """A 200 as it was sent, its ETag, and the route that gave it, for the metrics."""

    route: Any
    etag: bytes
    start: Message
    body: bytes

    async def send(self, scope: Scope, send: Send) -> None:
        """Send it, or 304 if the caller has it already."""
        if _has(scope, self.etag):
            headers = [pair for pair in self.start["headers"] if pair[0] in {b"etag", b"cache-control"}]
            await send({"type": "http.response.start", "status": 304, "headers": headers})
            await send({"type": "http.response.body", "body": b""})
        else:
            await send(dict(self.start))
            await send({"type": "http.response.body", "body": self.body})


class KeptAnswers:
    """What was answered below a path since the last publication and since midnight, sent from memory.

    `moment` gives something else once kept answers no longer hold. An answer that is asked for again moves
    from a quarter of the memory to the rest, so questions that nobody repeats push out only each other.
    """

    def __init__(self, prefix: str, moment: Callable[[], Hashable], most: int = MOST) -> None:
        self._prefix = prefix
        self._now = moment
        self._moment = moment()
        self._once, self._again = _Shelf(most // 4), _Shelf(most - most // 4)

    @property
    def size(self) -> int:
        """How many bytes are kept."""
        return self._once.size + self._again.size

    def before(self, app: App) -> App:
        """Make the ASGI middleware that asks `app` only what is not kept."""

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if not self._is_question(scope):
                await app(scope, receive, send)
            elif kept := self._find((scope["path"], scope["query_string"])):
                scope["route"] = kept.route
                await kept.send(scope, send)
            else:
                await self._ask(app, scope, receive, send)

        return answer

    def _is_question(self, scope: Scope) -> bool:
        if scope["type"] != "http" or scope["method"] != "GET":
            return False
        path: str = scope["path"]
        return path.startswith(self._prefix)

    def _find(self, question: Question) -> KeptAnswer | None:
        if (moment := self._now()) != self._moment:
            self._moment = moment
            self._once.clear()
            self._again.clear()
        if answer := self._again.find(question):
            return answer
        if answer := self._once.take(question):
            self._again.add(question, answer)
        return answer

    async def _ask(self, app: App, scope: Scope, receive: Receive, send: Send) -> None:
        moment, said = self._moment, list[Message]()

        async def hear(message: Message) -> None:
            said.append(message)

        await app(scope, receive, hear)
        if ETAG not in scope or said[0]["status"] != 200:
            for message in said:
                await send(message)
            return
        body = b"".join(message["body"] for message in said[1:])
        answer = KeptAnswer(scope["route"], scope[ETAG].encode(), said[0], body)
        if moment == self._now():
            self._once.add((scope["path"], scope["query_string"]), answer)
        await answer.send(scope, send)


class _Shelf:
    """Answers up to so many bytes; what was not asked for the longest goes first."""

    def __init__(self, most: int) -> None:
        self.size = 0
        self._most = most
        self._answers = OrderedDict[Question, KeptAnswer]()

    def find(self, question: Question) -> KeptAnswer | None:
        answer = self._answers.get(question)
        if answer:
            self._answers.move_to_end(question)
        return answer

    def take(self, question: Question) -> KeptAnswer | None:
        answer = self._answers.pop(question, None)
        if answer:
            self.size -= _size(question, answer)
        return answer

    def add(self, question: Question, answer: KeptAnswer) -> None:
        size = _size(question, answer)
        if size > self._most:
            return
        self.take(question)
        self._answers[question] = answer
        self.size += size
        while self.size > self._most:
            self.take(next(iter(self._answers)))

    def clear(self) -> None:
        self._answers.clear()
        self.size = 0


def _size(question: Question, answer: KeptAnswer) -> int:
    # A path takes up to four bytes a letter.
    return FRAME + 4 * len(question[0]) + len(question[1]) + len(answer.body)


def _has(scope: Scope, etag: bytes) -> bool:
    """Whether If-None-Match names the ETag, or any."""
    held = next((value for name, value in scope["headers"] if name == b"if-none-match"), b"")
    tags = {tag.strip().removeprefix(b"W/") for tag in held.split(b",")} if held else ()
    return etag in tags or b"*" in tags
