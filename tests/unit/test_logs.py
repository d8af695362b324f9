import io
import json
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
import structlog
from pydantic import BaseModel

from shared import logs
from shared.errors import Refused
from shared.logs import Quiet

ROOT = Path(__file__).parents[2]
CANARY = "王小明-canary"
Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def lines() -> Iterator[Lines]:
    root, hook = logging.getLogger(), sys.excepthook
    handlers, level, out = root.handlers, root.level, io.BytesIO()
    logs.configure("review", "INFO", out)
    yield lambda: [json.loads(line) for line in out.getvalue().splitlines()]
    root.handlers, sys.excepthook = handlers, hook
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


def test_an_event_is_one_json_line_in_utc(lines):
    structlog.get_logger().info("case_claimed", case=UUID(int=7), until=datetime(2026, 1, 2, tzinfo=UTC))
    (line,) = lines()
    assert line.pop("at").endswith("Z")
    assert line == {
        "event": "case_claimed",
        "case": "00000000-0000-0000-0000-000000000007",
        "until": "2026-01-02 00:00:00+00:00",
        "level": "info",
        "service": "review",
    }


@pytest.mark.parametrize("text", ['a\nb"}{"event":"forged', "\u2028\x1b[2J\x00", "\ud800 half a pair"])
def test_no_text_can_make_a_second_line(lines, text):
    structlog.get_logger().info("read", text=text)
    logging.getLogger("uvicorn.error").warning(text)
    assert len(lines()) == 2


def test_the_standard_library_comes_out_the_same_way(lines):
    for name in ("uvicorn.error", "aiokafka.conn", "faststream.access", "asyncpg"):
        logging.getLogger(name).warning("port %s is taken", 8080)
    assert [line["logger"] for line in lines()] == [
        "uvicorn.error",
        "aiokafka.conn",
        "faststream.access",
        "asyncpg",
    ]
    assert {(line["event"], line["level"], line["service"]) for line in lines()} == {
        ("port 8080 is taken", "warning", "review")
    }


def test_what_is_below_the_level_is_not_written(lines):
    structlog.get_logger().debug("detail")
    logging.getLogger("aiokafka").debug("detail")
    logging.getLogger("httpx").info("GET http://sms/messages/by-reference/1")
    assert lines() == []


def test_an_unknown_level_is_refused():
    with pytest.raises(ValueError, match="'LOUD' is no log level"):
        logs.configure("review", "LOUD")


class Person(BaseModel):
    age: int


def throw(error: Exception) -> None:
    raise error


def raised(fail: Callable[[], Any]) -> Exception:
    try:
        fail()
    except Exception as caught:
        return caught
    raise AssertionError


def a_group() -> None:
    parts = [raised(lambda: throw(ValueError(CANARY))), OSError("socket closed")]
    raise ExceptionGroup("unhandled errors in a TaskGroup", parts)


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (lambda: int(CANARY), "ValueError"),
        (lambda: Person.model_validate({"age": CANARY}), "pydantic_core._pydantic_core.ValidationError"),
        (lambda: {}[CANARY], "KeyError"),
        (lambda: throw(Refused("disease-open", CANARY)), "shared.errors.Refused: disease-open"),
        (lambda: throw(ConnectionRefusedError(111, "Connect failed")), "[Errno 111] Connect failed"),
        (lambda: throw(asyncpg.UniqueViolationError(CANARY)), "UniqueViolationError: 23505"),
        (a_group, "ExceptionGroup: ValueError; OSError: socket closed"),
    ],
)
def test_an_error_is_told_by_kind_and_place_and_never_in_a_persons_words(lines, error, told):
    structlog.get_logger().error("failed", exc_info=raised(error))
    logging.getLogger("asyncio").error("failed", exc_info=raised(error))
    for line in lines():
        assert told in line["error"]
        assert "test_logs.py" in line["trace"][0]
        assert "a_group" not in line["trace"][-1]
        assert CANARY not in json.dumps(line, ensure_ascii=False)


class Stage(StrEnum):
    FIRST = "first"


def test_secrets_and_persons_are_masked(lines):
    structlog.get_logger().info(
        "sent",
        phone="19900001111",
        authorization="Bearer abc",
        claim_token=7,
        person=Person(age=3),
        stage=Stage.FIRST,
        parts=[{"id_number": "1"}, "证件 99010219900101001X。", {"to": "+86 19900001111"}],
        offset=19900001111,
    )
    (line,) = lines()
    assert CANARY not in json.dumps(line)
    assert (line["phone"], line["authorization"], line["claim_token"]) == ("***", "***", 7)
    assert (line["person"], line["stage"], line["offset"]) == ("<Person>", "first", 19900001111)
    assert line["parts"] == [{"id_number": "***"}, "证件 ***。", {"to": "+86 ***"}]


def test_a_long_value_is_cut(lines):
    structlog.get_logger().info("read", text="x" * 100_000)
    assert len(lines()[0]["text"]) == 2000


def test_warnings_and_crashes_of_a_process_are_lines_too():
    program = (
        "import warnings; from shared import logs; logs.configure('x'); warnings.warn('old'); int('canary')"
    )
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, cwd=ROOT, check=False)
    warned, crashed = (json.loads(line) for line in ended.stderr.splitlines())
    assert ended.returncode == 1
    assert "UserWarning: old" in warned["event"]
    assert (crashed["event"], crashed["error"]) == ("crashed", "ValueError")


def test_a_crash_is_a_line_too(lines):
    error = raised(lambda: throw(ValueError(CANARY)))
    sys.excepthook(type(error), error, error.__traceback__)
    assert (lines()[0]["event"], lines()[0]["error"]) == ("crashed", "ValueError")


def a_record(name: str, line: int) -> logging.LogRecord:
    return logging.LogRecord(name, logging.ERROR, "conn.py", line, "Unable to connect", (), None)


def test_a_library_that_repeats_itself_is_heard_once_in_ten_seconds():
    now = 0.0
    quiet = Quiet(("aiokafka",), clock=lambda: now)
    assert [quiet.filter(a_record("aiokafka.conn", 10)) for _ in range(1000)] == [True] + [False] * 999
    assert quiet.filter(a_record("aiokafka.conn", 11))
    assert all(quiet.filter(a_record("services.review", 10)) for _ in range(5))
    now = 10.0
    later = a_record("aiokafka.conn", 10)
    assert quiet.filter(later)
    assert later.held_back == 999


def test_what_was_held_back_is_told(lines):
    logging.getLogger("library").error("Unable to connect", extra={"held_back": 999})
    assert lines()[0]["held_back"] == 999
