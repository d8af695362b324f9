from collections.abc import Iterator
from contextlib import nullcontext

import httpx
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import SpanKind, StatusCode

from shared import edge, tracing
from shared.health import Health

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = f"00-{TRACE}-b7ad6b7169203331-01"


@pytest.fixture
def spans() -> Iterator[InMemorySpanExporter]:
    exporter = InMemorySpanExporter()
    tracing.configure("review", None, SimpleSpanProcessor(exporter))
    yield exporter
    tracing.shutdown()


def test_off_is_nothing_at_all():
    tracing.configure("review", None)
    assert not tracing.on()
    assert tracing.current_traceparent() is None
    assert isinstance(tracing.start_span("claim", PARENT, [PARENT]), nullcontext)


def test_a_span_continues_the_trace_it_was_given(spans):
    with tracing.start_span("submit", PARENT, kind="server"):
        inside = tracing.current_traceparent()
    (span,) = spans.get_finished_spans()
    assert (span.name, span.kind) == ("submit", SpanKind.SERVER)
    assert span.parent is not None
    assert f"{span.parent.span_id:016x}" == "b7ad6b7169203331"
    assert inside == f"00-{TRACE}-{span.context.span_id:016x}-01"


def test_spans_nest(spans):
    with tracing.start_span("outer"), tracing.start_span("inner"):
        pass
    inner, outer = spans.get_finished_spans()
    assert inner.parent is not None
    assert inner.parent.span_id == outer.context.span_id
    assert tracing.current_traceparent() is None


def test_a_batch_is_one_span_linked_to_each_of_its_records(spans):
    other = PARENT.replace("b7ad", "c7ad")
    with tracing.start_span("review.intake.applications", None, [PARENT, None, "nonsense", other]):
        pass
    (span,) = spans.get_finished_spans()
    assert span.parent is None
    linked = [f"{link.context.span_id:016x}" for link in span.links]
    assert linked == ["b7ad6b7169203331", "c7ad6b7169203331"]


def test_a_failed_span_says_what_kind_of_error_and_not_in_whose_words(spans):
    with pytest.raises(ValueError, match="canary"), tracing.start_span("decide"):
        raise ValueError("canary")
    (span,) = spans.get_finished_spans()
    assert (span.status.status_code, span.status.description) == (StatusCode.ERROR, "ValueError")
    assert "canary" not in span.to_json()


async def test_a_request_is_a_span_by_route_that_holds_no_path(spans):
    async def get_case(number: str) -> str | None:
        return tracing.current_traceparent()

    app = edge.application("Test", "review", Health())
    app.add_api_route("/case/{number}", get_case)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://test") as client:
        answer = await client.get("/case/19900001111", headers={"traceparent": PARENT})
        await client.get("/nowhere/19900001111")
    case, nowhere = spans.get_finished_spans()
    assert (case.name, nowhere.name) == ("GET review.get_case", "GET review.unmatched")
    assert case.attributes == {"http.response.status_code": 200}
    assert answer.json() == f"00-{TRACE}-{case.context.span_id:016x}-01"
    assert "19900001111" not in case.to_json() + nowhere.to_json()
