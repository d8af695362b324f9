"""Traces over HTTP and Kafka, on when an OTLP endpoint is set; off they cost one comparison."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from opentelemetry.context import Context
    from opentelemetry.sdk.trace import SpanProcessor, TracerProvider
    from opentelemetry.trace import Link, Tracer

LINKS_MOST = 128

EXPORT_PATIENCE = 2.0
"""Seconds that sending a batch of spans may take, retries included; a stop waits no longer than that."""

_OFF: AbstractContextManager[None] = nullcontext()

_state: _On | None = None


class _On:
    """The tracer of this process and how to end it."""

    def __init__(self, provider: TracerProvider, tracer: Tracer) -> None:
        self.provider = provider
        self.tracer = tracer


def configure(service: str, endpoint: str | None, processor: SpanProcessor | None = None) -> None:
    """Send spans to an OTLP/HTTP endpoint such as http://127.0.0.1:4318; without one, stay off."""
    global _state  # noqa: PLW0603
    if not endpoint and processor is None:
        _state = None
        return
    from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": f"mente-{service}"}))
    address = f"{(endpoint or '').rstrip('/')}/v1/traces"
    provider.add_span_processor(
        processor or BatchSpanProcessor(OTLPSpanExporter(address, timeout=EXPORT_PATIENCE))
    )
    _state = _On(provider, provider.get_tracer("mente"))


def shutdown() -> None:
    """Send what is left and switch off; blocks for `EXPORT_PATIENCE` at most."""
    global _state  # noqa: PLW0603
    if _state is not None:
        _state.provider.shutdown()
    _state = None


def on() -> bool:
    """Tell whether spans are recorded."""
    return _state is not None


def current_traceparent() -> str | None:
    """Give the W3C traceparent of the running span, to be stored beside an event; None while off."""
    if _state is None:
        return None
    from opentelemetry.trace import get_current_span

    context = get_current_span().get_span_context()
    if not context.is_valid:
        return None
    return f"00-{context.trace_id:032x}-{context.span_id:016x}-{int(context.trace_flags):02x}"


def start_span(
    name: str,
    parent_traceparent: str | None = None,
    links: Sequence[str | None] = (),
    *,
    kind: str = "internal",
) -> AbstractContextManager[Any]:
    """Run a span (internal, server, client, producer or consumer); links are traceparents of its causes."""
    if _state is None:
        return _OFF
    return _span(_state.tracer, name, parent_traceparent, links, kind)


@contextmanager
def _span(
    tracer: Tracer, name: str, parent: str | None, links: Sequence[str | None], kind: str
) -> Iterator[Any]:
    from opentelemetry.trace import SpanKind, Status, StatusCode

    with tracer.start_as_current_span(
        name,
        context=_context(parent) if parent else None,
        kind=SpanKind[kind.upper()],
        links=[_link(traceparent) for traceparent in links[:LINKS_MOST] if traceparent],
        record_exception=False,
        set_status_on_exception=False,
    ) as span:
        try:
            yield span
        except BaseException as error:
            # The text of an error may quote a person; its kind does not.
            span.set_status(Status(StatusCode.ERROR, type(error).__name__))
            raise


def _context(traceparent: str) -> Context:
    from opentelemetry.context import Context
    from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

    return TraceContextTextMapPropagator().extract({"traceparent": traceparent}, Context())


def _link(traceparent: str) -> Link:
    """Link to a span; the SDK passes over one whose traceparent cannot be read."""
    from opentelemetry.trace import Link, get_current_span

    return Link(get_current_span(_context(traceparent)).get_span_context())
