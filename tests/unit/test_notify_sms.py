"""What an answer of the provider means: sent, never, later, or nobody knows."""

from datetime import timedelta
from uuid import UUID

import httpx
import pytest

from services.notify.delivery import Line
from services.notify.domain.delivering import Answer, Busy, Rejected, Taken, Unclear, Unknown
from services.notify.domain.message import State
from services.notify.sms import HttpProvider, Text

REFERENCE = UUID("0193a5c0-1111-8222-8333-444455556666")
TEXT = Text(REFERENCE, "19900005678", "【攀枝花医保】文字", "accepted")


def a_provider(answer: httpx.Response | Exception, seen: list[httpx.Request] | None = None) -> HttpProvider:
    def handle(request: httpx.Request) -> httpx.Response:
        if seen is not None:
            seen.append(request)
        if isinstance(answer, Exception):
            raise answer
        return answer

    client = httpx.AsyncClient(base_url="http://sms.test", transport=httpx.MockTransport(handle))
    return HttpProvider(client, "http://notify.test/api/notify/sms/receipts")


async def sent(answer: httpx.Response | Exception) -> Answer:
    provider = a_provider(answer)
    try:
        return await provider.send(TEXT)
    finally:
        await provider.close()


async def asked(answer: httpx.Response | Exception) -> Answer:
    provider = a_provider(answer)
    try:
        return await provider.ask(REFERENCE)
    finally:
        await provider.close()


async def test_a_text_goes_out_with_the_messages_id_as_its_reference() -> None:
    seen: list[httpx.Request] = []
    provider = a_provider(httpx.Response(202, json={"provider_id": "P-1"}), seen)
    assert await provider.send(TEXT) == Taken("P-1")
    await provider.close()
    assert seen[0].url.path == "/messages"
    assert f'"reference":"{REFERENCE}"' in seen[0].content.decode()


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ReadTimeout("x"),
        httpx.WriteTimeout("x"),
        httpx.ReadError("x"),
        httpx.WriteError("x"),
        httpx.RemoteProtocolError("x"),
        httpx.Response(500),
        httpx.Response(502),
        httpx.Response(504),
        httpx.Response(409),
        httpx.Response(200, text="<html>"),
        httpx.Response(202, json={"id": 1}),
    ],
)
async def test_a_silence_or_a_garbled_answer_is_unclear(answer: httpx.Response | Exception) -> None:
    assert isinstance(await sent(answer), Unclear)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.ConnectError("x"),
        httpx.ConnectTimeout("x"),
        httpx.PoolTimeout("x"),
        httpx.Response(503),
        httpx.Response(429),
        httpx.Response(401),
        httpx.Response(404),
    ],
)
async def test_what_was_never_taken_is_tried_again_without_asking(answer: httpx.Response | Exception) -> None:
    assert isinstance(await sent(answer), Busy)


async def test_a_provider_that_names_a_pause_gets_it() -> None:
    limited = httpx.Response(429, headers={"retry-after": "90"})
    assert await sent(limited) == Busy("status-429", timedelta(seconds=90))
    strange = httpx.Response(503, headers={"retry-after": "Fri, 31 Dec 2027 23:59:59 GMT"})
    assert await sent(strange) == Busy("status-503")


async def test_a_refused_text_is_never_tried_again() -> None:
    assert await sent(httpx.Response(400, json={"code": "invalid-phone"})) == Rejected("invalid-phone")
    assert await sent(httpx.Response(422, text="号码错误")) == Rejected("status-422")


async def test_a_code_of_the_provider_is_cut_to_what_an_event_may_carry() -> None:
    assert await sent(httpx.Response(400, json={"code": "bad 号 code!" + "x" * 99})) == Rejected(
        "badcode" + "x" * 57
    )


async def test_the_error_is_named_without_its_text() -> None:
    assert await sent(httpx.ReadTimeout("199 0000 5678")) == Unclear("read-timeout")


async def test_a_known_reference_tells_how_far_the_text_came() -> None:
    body = {"provider_id": "P-1", "state": "delivered"}
    assert await asked(httpx.Response(200, json=body)) == Taken("P-1", State.DELIVERED)
    assert await asked(httpx.Response(200, json={**body, "state": "queued"})) == Taken("P-1")


async def test_only_the_providers_own_404_means_that_it_does_not_know_a_text() -> None:
    assert await asked(httpx.Response(404, json={"code": "unknown-reference"})) == Unknown()
    assert await asked(httpx.Response(404, text="nginx")) == Unclear("status-404")


@pytest.mark.parametrize("answer", [httpx.ConnectError("x"), httpx.Response(503), httpx.Response(429)])
async def test_a_question_without_an_answer_leaves_it_unclear(answer: httpx.Response | Exception) -> None:
    assert isinstance(await asked(answer), Unclear)


async def test_a_row_of_bad_answers_narrows_the_line_and_a_good_one_opens_it() -> None:
    line = Line()
    assert line.room(32) == 32
    for _ in range(40):
        line.heard(Busy("status-503"))
    assert line.room(32) == 1
    assert line.pause() == 1.0
    assert await line.ready() == "the SMS provider: status-503"
    line.heard(Taken("P-1"))
    assert (line.room(32), line.pause(), await line.ready()) == (32, 0.0, None)


def test_a_refused_text_does_not_narrow_the_line() -> None:
    line = Line()
    for _ in range(40):
        line.heard(Rejected("invalid-phone"))
    assert line.room(32) == 32
