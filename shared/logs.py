"""Logs: one JSON line per event on standard error, in UTC, without a person's data."""

import logging
import sys
import time
import traceback
from collections.abc import Callable, MutableMapping
from pathlib import Path
from types import TracebackType
from typing import Any, BinaryIO

import orjson
import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

from shared.masking import describe, masked_fields

QUIET_FOR = 10.0
"""Seconds for which a library that repeats itself is not heard again."""

FRAMES_MOST = 12

_CHATTY = ("aiokafka", "faststream", "opentelemetry", "asyncio")


def configure(service: str, level: str = "INFO", stream: BinaryIO | None = None) -> None:
    """Send everything this process logs, by structlog or the standard library, to one stream of lines."""
    out = stream or sys.stderr.buffer
    shared: list[Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _name_service(service),
        _describe_error,
        _mask,
    ]
    structlog.configure(
        processors=[*shared, _render],
        wrapper_class=structlog.make_filtering_bound_logger(_number(level)),
        logger_factory=structlog.BytesLoggerFactory(out),
        cache_logger_on_first_use=False,
    )
    handler = _Handler(out, shared)
    handler.addFilter(Quiet(_CHATTY))
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(_number(level))
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access", "faststream", "aiokafka"):
        logging.getLogger(name).handlers = []
        logging.getLogger(name).propagate = True
    for name in ("httpx", "httpcore"):
        # They write every address they call, and an address can name a person's message.
        logging.getLogger(name).setLevel(logging.WARNING)
    # Two lines for every batch otherwise.
    logging.getLogger("faststream").setLevel(logging.WARNING)
    logging.captureWarnings(capture=True)
    sys.excepthook = _log_crash


class Quiet(logging.Filter):
    """Lets a line of a chatty library through once in ten seconds, and tells how many it held back."""

    def __init__(self, names: tuple[str, ...], clock: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._names = names
        self._clock = clock
        self._seen: dict[tuple[str, str, int], tuple[float, int]] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        if record.name.partition(".")[0] not in self._names:
            return True
        place = (record.name, record.pathname, record.lineno)
        since, held = self._seen.get(place, (float("-inf"), 0))
        if self._clock() - since < QUIET_FOR:
            self._seen[place] = (since, held + 1)
            return False
        self._seen[place] = (self._clock(), 0)
        record.held_back = held
        return True


class _Handler(logging.Handler):
    """Writes a record of the standard library as one of our lines."""

    def __init__(self, out: BinaryIO, processors: list[Processor]) -> None:
        super().__init__()
        self._out = out
        self._processors = processors

    def emit(self, record: logging.LogRecord) -> None:
        try:
            event: EventDict = {"event": record.getMessage(), "logger": record.name}
            if getattr(record, "held_back", 0):
                event["held_back"] = record.held_back  # type: ignore[attr-defined]
            if record.exc_info:
                event["exc_info"] = record.exc_info
            for processor in self._processors:
                event = processor(None, record.levelname.lower(), event)  # type: ignore[assignment]
            self._out.write(_render(None, "", event) + b"\n")
            self._out.flush()
        except Exception:
            self.handleError(record)


def _number(level: str) -> int:
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"{level!r} is no log level")
    return number


def _name_service(service: str) -> Processor:
    def add(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
        event["service"] = service
        return event

    return add


def _describe_error(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    """Put in place of an exception its kind, its place in the code, and its text where that is harmless."""
    error = _error(event.pop("exc_info", None))
    if error is not None:
        event["error"] = describe(error)
        event["trace"] = _trace(_first_cause(error).__traceback__)
        if error.__cause__ is not None:
            event["caused_by"] = describe(error.__cause__)
    return event


def _error(exc_info: object) -> BaseException | None:
    if isinstance(exc_info, BaseException):
        return exc_info
    if isinstance(exc_info, tuple):
        error: BaseException | None = exc_info[1]
        return error
    return sys.exc_info()[1] if exc_info else None


def _first_cause(error: BaseException) -> BaseException:
    """Find the error that a group of tasks died of; where the group was gathered tells nothing."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _trace(traceback_: TracebackType | None) -> list[str]:
    frames = traceback.extract_tb(traceback_)[-FRAMES_MOST:]
    return [f"{Path(frame.filename).name}:{frame.lineno} {frame.name}" for frame in frames]


def _mask(_: WrappedLogger, __: str, event: EventDict) -> EventDict:
    return masked_fields(event)


def _render(_: WrappedLogger, __: str, event: MutableMapping[str, Any]) -> bytes:
    try:
        return orjson.dumps(event, option=orjson.OPT_NON_STR_KEYS)
    except TypeError:
        # Half a surrogate pair, or a number beyond 64 bits: never lose a line over them.
        plain = {str(key).encode("utf-8", "replace").decode(): repr(value) for key, value in event.items()}
        return orjson.dumps(plain)


def _log_crash(kind: type[BaseException], error: BaseException, _: TracebackType | None) -> None:
    structlog.get_logger("crash").critical("crashed", exc_info=error, kind=kind.__name__)
