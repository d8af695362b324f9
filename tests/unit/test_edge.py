import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

import asyncpg
import httpx
import pytest
import structlog
from fastapi import FastAPI, Query
from pydantic import BaseModel, ConfigDict, Field

from shared import edge, http
from shared.errors import Refused, Unavailable, Unreadable
from shared.health import Health

CANARY = "canary-13912345678"


class Ask(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(max_length=5)
    age: int = Field(ge=0)
    person: UUID | None = None
    tags: list[str] = []


async def post_claim(ask: Ask) -> Ask:
    return ask


def an_app(handler: Callable[..., Any] = post_claim, method: str = "POST", **told: Any) -> FastAPI:
    app = edge.application("Test", "review", Health(), **told)
    app.add_api_route("/do/{thing}", handler, methods=[method])
    return app


async def call(app: FastAPI, method: str = "POST", path: str = "/do/it", **told: Any) -> httpx.Response:
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        return await client.request(method, path, **told)


def raising(error: Exception) -> Callable[[], Awaitable[None]]:
    async def get_case() -> None:
        raise error

    return get_case


async def test_a_refusal_becomes_a_problem_that_the_caller_can_act_on():
    refused = Refused("disease-open", "there is an open application", status=409, acceptance_no="A1")
    answer = await call(an_app(raising(refused), "GET"), "GET", "/do/it?token=secret")
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {
        "type": "urn:mente:problem:disease-open",
        "title": "Disease open",
        "status": 409,
        "code": "disease-open",
        "detail": "there is an open application",
        "acceptance_no": "A1",
        "instance": "/do/it",
    }


@pytest.mark.parametrize(
    ("error", "status", "code"),
    [
        (Unavailable("kafka-away", "later", retry_after=2.4), 503, "kafka-away"),
        (Unreadable("json-invalid", "not JSON"), 400, "json-invalid"),
        (Refused("token-missing", "who are you", status=401), 401, "token-missing"),
        (asyncpg.CannotConnectNowError(CANARY), 503, "database-away"),
        (asyncpg.DeadlockDetectedError(CANARY), 503, "database-away"),
        (ConnectionRefusedError(CANARY), 503, "database-away"),
    ],
)
async def test_each_kind_of_error_has_its_status(error, status, code):
    answer = await call(an_app(raising(error), "GET"), "GET")
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert ("retry-after" in answer.headers) == (status == 503)
    assert CANARY not in answer.text


async def test_a_bug_is_logged_by_route_and_tells_the_caller_nothing():
    with structlog.testing.capture_logs() as logged:
        answer = await call(an_app(raising(ValueError(CANARY)), "GET"), "GET", f"/do/{CANARY}")
    assert answer.status_code == 500
    assert {"code": "internal-error", "title": "Internal error"}.items() <= answer.json().items()
    assert "detail" not in answer.json()
    assert [(line["event"], line["route"]) for line in logged] == [("bug", "review.get_case")]


async def test_a_refused_access_is_logged_with_who_claimed_to_call():
    refused = Refused("scope-missing", "no", status=403)
    with structlog.testing.capture_logs() as logged:
        await call(an_app(raising(refused), "GET"), "GET", headers={"mente-channel": "app\x01" + "x" * 99})
    assert (logged[0]["event"], logged[0]["code"]) == ("access_refused", "scope-missing")
    assert logged[0]["channel"] == "app\x01" + "x" * 60


async def test_unavailable_says_when_to_come_back_and_401_how_to_sign_in():
    later = await call(an_app(raising(Unavailable("x", "y", retry_after=2.4)), "GET"), "GET")
    assert later.headers["retry-after"] == "2"
    who = await call(an_app(raising(Refused("x", "y", status=401)), "GET"), "GET")
    assert who.headers["www-authenticate"].startswith("Bearer")


async def test_every_defect_is_listed_and_no_value_comes_back():
    body = {"name": CANARY, "age": -1, "person": CANARY, "zhangsan": 1, "tags": ["a", {"x": CANARY}]}
    answer = await call(an_app(), json=body)
    assert answer.status_code == 422
    assert [(d["code"], d["field"]) for d in answer.json()["defects"]] == [
        ("string-too-long", "name"),
        ("greater-than-equal", "age"),
        ("uuid-parsing", "person"),
        ("string-type", "tags.1"),
        ("extra-forbidden", ""),
    ]
    assert answer.json()["defects"][0]["detail_zh"] == "文本过长（限值：5）"
    assert CANARY not in answer.text
    assert "zhangsan" not in answer.text


async def test_a_query_with_a_defect_names_the_parameter():
    async def get_queue(limit: Annotated[int, Query(le=100)]) -> int:
        return limit

    answer = await call(an_app(get_queue, "GET"), "GET", "/do/it?limit=900")
    assert [(d["code"], d["field"]) for d in answer.json()["defects"]] == [("less-than-equal", "limit")]


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 100_000, b'{"name": "\xff"}'])
async def test_a_body_that_is_no_json_is_400(body):
    answer = await call(an_app(), content=body, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


async def test_a_body_parsed_by_hand_is_refused_in_the_same_words():
    with pytest.raises(Unreadable):
        edge.parse(Ask, b"{")
    assert edge.parse(Ask, b'{"name":"a","age":1}').age == 1

    async def post_decision(scope: Any, receive: Any, send: Any) -> None:
        edge.parse(Ask, await edge.read_body(receive))

    app = an_app()
    edge.hot_route(app, "POST", "/hot", post_decision)
    body = json.dumps({"name": CANARY, CANARY: 1}).encode()
    by_hand, by_fastapi = await call(app, path="/hot", content=body), await call(app, json=json.loads(body))
    assert (by_hand.status_code, by_hand.json()["defects"]) == (422, by_fastapi.json()["defects"])
    assert CANARY not in by_hand.text


@pytest.mark.parametrize(
    ("method", "path", "status"), [("GET", "/none", 404), ("DELETE", "/do/it", 405), ("POST", "/do/it/", 404)]
)
async def test_http_errors_are_problems_too(method, path, status):
    answer = await call(an_app(), method, path)
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    assert ("allow" in answer.headers) == (status == 405)


async def chunks(count: int) -> AsyncIterator[bytes]:
    for _ in range(count):
        yield b" " * 100_000


@pytest.mark.parametrize("content", [b" " * 1_100_000, chunks(11)], ids=["declared", "chunked"])
async def test_a_body_over_the_limit_is_413(content):
    answer = await call(an_app(), content=content, headers={"content-type": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (413, "body-too-large")
    assert answer.headers["connection"] == "close"


async def test_a_body_that_says_it_is_too_large_is_not_waited_for():
    answer = await call(an_app(), content=b"{}", headers={"content-length": "1048577"})
    assert answer.status_code == 413


async def test_a_path_may_have_a_limit_of_its_own():
    app = an_app(body_limits={"/do/": 10})
    assert (await call(app, json={"name": "a", "age": 1})).status_code == 413
    assert (await call(app, path="/hot", json={"name": "a", "age": 1})).status_code == 404


async def test_a_body_that_dribbles_in_is_cut():
    async def dribble() -> dict[str, Any]:
        await asyncio.sleep(0.03)
        return {"type": "http.request", "body": b" ", "more_body": True}

    with pytest.raises(Refused, match="body-too-slow") as caught:
        await http.read_body(http.limited_receive(dribble, 1000, patience=0.1))
    assert caught.value.status == 408


async def test_a_body_cut_off_by_the_client_is_not_taken_for_whole():
    parts = [{"type": "http.request", "body": b"half", "more_body": True}, {"type": "http.disconnect"}]

    async def receive() -> dict[str, Any]:
        return parts.pop(0)

    with pytest.raises(http.ClientGone):
        await http.read_body(receive)


async def test_a_hot_route_answers_past_fastapi_with_the_same_headers():
    async def post_decision(scope: Any, receive: Any, send: Any) -> None:
        await edge.send_json(send, 201, await edge.read_body(receive))

    app = an_app()
    edge.hot_route(app, "POST", "/hot", post_decision)
    answer = await call(app, path="/hot", content=b'{"a":1}')
    assert (answer.status_code, answer.json()) == (201, {"a": 1})
    assert (answer.headers["cache-control"], answer.headers["x-content-type-options"]) == (
        "no-store",
        "nosniff",
    )


async def test_what_answers_before_the_routes_is_still_inside_the_edge():
    def before(app: Any) -> Any:
        async def answer(scope: Any, receive: Any, send: Any) -> None:
            if scope["path"] == "/early":
                scope["endpoint"] = post_claim
                await edge.send_json(send, 200, b"{}")
            elif scope["path"] == "/refused":
                raise Refused("too-early", "no", status=409)
            else:
                await app(scope, receive, send)

        return answer

    app = an_app()
    edge.before_routes(app, before)
    early = await call(app, "GET", "/early")
    assert (early.status_code, early.headers["x-content-type-options"]) == (200, "nosniff")
    assert (await call(app, "GET", "/refused")).json()["code"] == "too-early"
    assert (await call(app, json={"name": "a", "age": 1})).status_code == 200
    seen = (await call(app, "GET", "/metrics")).text
    assert 'mente_http_requests_total{method="GET",route="post_claim",service="review",status="200"}' in seen


async def test_requests_are_counted_by_route_and_never_by_path():
    app = an_app()
    await call(app, path=f"/do/{CANARY}", json={"name": "a", "age": 1})
    await call(app, "GET", f"/none/{CANARY}")
    seen = (await call(app, "GET", "/metrics")).text
    line = 'mente_http_requests_total{method="POST",route="post_claim",service="review",status="200"}'
    assert line in seen
    assert 'route="unmatched",service="review",status="404"' in seen
    assert 'mente_http_request_seconds_count{route="post_claim",service="review"}' in seen
    assert CANARY not in seen


async def test_probes_and_openapi_answer():
    app = an_app()
    assert (await call(app, "GET", "/health/live")).json() == {"live": True}
    assert (await call(app, "GET", "/health/ready")).json() == {"ready": True, "parts": {}}
    assert "/do/{thing}" in (await call(app, "GET", "/api/review/openapi.json")).json()["paths"]


async def test_a_process_that_is_not_ready_says_why():
    async def check() -> str:
        return "no answer"

    health = Health()
    health.add("database", check)
    answer = await call(edge.application("Test", "review", health), "GET", "/health/ready")
    assert answer.status_code == 503
    assert answer.json()["parts"] == {"database": {"ok": False, "reason": "no answer"}}
