"""Kept answers: how many there may be, which go first, and what is never kept."""

from typing import Any

import pytest

from services.catalog.api.keeping import ETAG, FRAME, KeptAnswers
from shared.http import Message, Receive, Scope, Send

BODY = 1000
ROOM = 8
"""How many answers have room: two of those asked for once, six of those asked for again."""


class Place:
    """An application that answers everything below /r, and what is kept of it."""

    def __init__(self, status: int = 200, etag: bool = True, body: int = BODY) -> None:
        self.moment = 0
        self.asked: list[str] = []
        self.status, self.etag, self.body = status, etag, body
        self.overtaken = False
        self.kept = KeptAnswers("/r", lambda: self.moment, most=ROOM * (BODY + FRAME + 100))
        self.app = self.kept.before(self.answer)

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.asked.append(scope["path"])
        scope["route"] = None
        if self.etag:
            scope[ETAG] = '"1"'
        self.moment += self.overtaken
        await send({"type": "http.response.start", "status": self.status, "headers": [(b"etag", b'"1"')]})
        await send({"type": "http.response.body", "body": b"x" * self.body, "more_body": True})
        await send({"type": "http.response.body", "body": b"y"})

    async def ask(self, path: str, method: str = "GET", query: bytes = b"") -> list[Message]:
        said: list[Message] = []

        async def receive() -> Message:
            return {"type": "http.request"}

        async def send(message: Message) -> None:
            said.append(message)

        scope: dict[str, Any] = {"type": "http", "method": method, "path": path, "query_string": query}
        await self.app({**scope, "headers": []}, receive, send)
        return said

    async def is_kept(self, path: str) -> bool:
        before = len(self.asked)
        await self.ask(path)
        return len(self.asked) == before


async def test_what_is_asked_again_is_sent_from_memory():
    place = Place()
    first, again = await place.ask("/r/a"), await place.ask("/r/a")
    assert first == again
    assert again[1]["body"] == b"x" * BODY + b"y"
    assert place.asked == ["/r/a"]


async def test_another_query_is_another_question():
    place = Place()
    await place.ask("/r/a", query=b"n=1")
    await place.ask("/r/a", query=b"n=2")
    assert len(place.asked) == 2


async def test_questions_that_nobody_repeats_push_out_only_each_other():
    place = Place()
    for _ in range(2):
        await place.ask("/r/often")
    for number in range(100):
        await place.ask(f"/r/{number}")
    assert await place.is_kept("/r/often")
    assert await place.is_kept("/r/99")
    assert not await place.is_kept("/r/0")


async def test_what_was_not_asked_for_the_longest_goes_first():
    place = Place()
    for number in (*range(6), 0):
        await place.ask(f"/r/{number}")
        await place.ask(f"/r/{number}")
    for _ in range(2):
        await place.ask("/r/another")
    assert await place.is_kept("/r/0")
    assert not await place.is_kept("/r/1")


async def test_the_bound_holds_and_a_new_moment_frees_all():
    place = Place()
    for number in range(100):
        await place.ask(f"/r/{number % 50}")
        await place.ask(f"/r/{number % 50}")
        assert place.kept.size <= ROOM * (BODY + FRAME + 100)
    place.moment += 1
    place.body = 0
    await place.ask("/r/0")
    assert place.kept.size < 2 * FRAME


async def test_an_answer_larger_than_its_room_pushes_nothing_out():
    place = Place()
    await place.ask("/r/small")
    place.body = 100 * BODY
    await place.ask("/r/large")
    assert await place.is_kept("/r/small")
    assert not await place.is_kept("/r/large")


async def test_an_answer_that_a_publication_overtook_is_not_kept():
    place = Place()
    place.overtaken = True
    await place.ask("/r/a")
    assert place.kept.size == 0


async def test_an_answer_of_yesterday_is_not_given_today():
    place = Place()
    await place.ask("/r/a")
    place.moment += 1
    assert not await place.is_kept("/r/a")


@pytest.mark.parametrize(
    ("place", "path", "method"),
    [
        (Place(status=404), "/r/a", "GET"),
        (Place(etag=False), "/r/a", "GET"),
        (Place(), "/r/a", "POST"),
        (Place(), "/s/a", "GET"),
    ],
    ids=["refused", "not-offered", "act", "elsewhere"],
)
async def test_only_what_is_offered_is_kept(place: Place, path: str, method: str):
    first, again = await place.ask(path, method), await place.ask(path, method)
    assert first == again
    assert [message.get("body") for message in again[1:]] == [b"x" * BODY, b"y"]
    assert len(place.asked) == 2
    assert place.kept.size == 0
