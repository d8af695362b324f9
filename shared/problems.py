"""The three kinds of error as RFC 9457 problem details, without a word of the caller's own data."""

import re
from collections.abc import Iterable, Mapping
from http import HTTPStatus
from typing import Any, TypeVar

import orjson
from pydantic import BaseModel, ValidationError

from shared.errors import Refused, Unavailable, Unreadable
from shared.postgres import AWAY, PASSING

MEDIA_TYPE = "application/problem+json"
DEFECTS_MOST = 100

DATABASE_AWAY = Unavailable("database-away", "the database does not answer; try again", retry_after=1.0)

Problem = dict[str, Any]
M = TypeVar("M", bound=BaseModel)

_FIELD = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,63}")

# Sentences of our own, because pydantic's sometimes quote a piece of the input.
_SENTENCES: Mapping[str, tuple[str, str]] = {
    "missing": ("this field is required", "此项必填"),
    "extra_forbidden": ("there is a field here that is not known", "含有不认识的字段"),
    "json_invalid": ("the body is not JSON", "请求体不是有效的JSON"),
    "string_type": ("this must be text", "须为文本"),
    "string_too_short": ("this text is too short", "文本过短"),
    "string_too_long": ("this text is too long", "文本过长"),
    "string_pattern_mismatch": ("this text does not have the expected form", "格式不符合要求"),
    "int_type": ("this must be a whole number", "须为整数"),
    "int_parsing": ("this must be a whole number", "须为整数"),
    "bool_type": ("this must be true or false", "须为真或假"),
    "bool_parsing": ("this must be true or false", "须为真或假"),
    "list_type": ("this must be a list", "须为列表"),
    "too_long": ("there are too many items", "条目过多"),
    "too_short": ("there are too few items", "条目过少"),
    "greater_than_equal": ("this number is too small", "数值过小"),
    "less_than_equal": ("this number is too large", "数值过大"),
    "enum": ("this is not one of the allowed values", "不在允许的取值范围内"),
    "literal_error": ("this is not one of the allowed values", "不在允许的取值范围内"),
    "uuid_parsing": ("this must be a UUID", "须为UUID"),
    "timezone_aware": ("this time needs its zone", "时间须带时区"),
}
_DATES = ("this must be a date or time in ISO 8601 form", "须为ISO 8601格式的日期或时间")
_LIMITS = ("max_length", "min_length", "ge", "le", "gt", "lt")
_OTHER = ("this value is not valid", "取值无效")


def problem(error: Exception) -> tuple[int, Problem]:
    """Translate an error into HTTP status and problem details; one that nobody expects is a bug: 500."""
    match error:
        case Refused():
            return error.status, _details(error.status, error.code, error.detail, **error.extra)
        case Unavailable():
            return 503, _details(503, error.code, error.detail)
        case Unreadable():
            return 400, _details(400, error.code, error.detail)
        case ValidationError():
            return invalid(_plain(error))
    if isinstance(error, (*AWAY, *PASSING)):
        return problem(DATABASE_AWAY)
    return 500, _details(500, "internal-error")


def problem_headers(error: Exception) -> dict[str, str]:
    """Give the headers that belong to an error: Retry-After in whole seconds, or how to sign in."""
    if isinstance(error, (*AWAY, *PASSING)):
        return problem_headers(DATABASE_AWAY)
    if isinstance(error, Unavailable):
        return {"retry-after": str(max(1, round(error.retry_after)))}
    if isinstance(error, Refused) and error.status == HTTPStatus.UNAUTHORIZED:
        return {"www-authenticate": 'Bearer realm="mente"'}
    return {}


def invalid(errors: Iterable[Mapping[str, Any]]) -> tuple[int, Problem]:
    """Translate the errors of pydantic into 422 with every defect by field, at most a hundred."""
    listed = [_defect(error) for error in errors][:DEFECTS_MOST]
    return 422, _details(422, "request-invalid", "the request has defects; each is listed", defects=listed)


def http_problem(status: int) -> Problem:
    """Describe an error of HTTP itself, such as 404 or 405."""
    return _details(status, _code(HTTPStatus(status).phrase))


def encode(details: Problem, instance: str = "") -> bytes:
    """Write problem details as JSON; `instance` is the path of the request, without its query."""
    return orjson.dumps(details | {"instance": instance} if instance else details, default=str)


def parse(model: type[M], body: bytes) -> M:
    """Read a request body; Unreadable unless it is JSON, ValidationError with every defect unless it fits."""
    try:
        return model.model_validate_json(body)
    except ValidationError as error:
        if (
            error.errors(include_url=False, include_input=False, include_context=False)[0]["type"]
            == "json_invalid"
        ):
            raise Unreadable("json-invalid", "the body is not JSON") from None
        raise


def _details(status: int, code: str, detail: str = "", **extra: Any) -> Problem:
    details: Problem = {
        "type": f"urn:mente:problem:{code}",
        "title": code.replace("-", " ").capitalize(),
        "status": status,
        "code": code,
    }
    return details | ({"detail": detail} if detail else {}) | extra


def _plain(error: ValidationError) -> list[Any]:
    return list(error.errors(include_url=False, include_input=False))


def _defect(error: Mapping[str, Any]) -> dict[str, str]:
    kind, place = str(error["type"]), list(error["loc"])
    if kind == "extra_forbidden":
        # The name of an unknown field is the caller's own text.
        place = place[:-1]
    detail, detail_zh = _DATES if kind.startswith(("date", "time_")) else _SENTENCES.get(kind, _OTHER)
    limits = [str(error["ctx"][name]) for name in _LIMITS if name in error.get("ctx", {})]
    if limits:
        detail, detail_zh = f"{detail}: the limit is {limits[0]}", f"{detail_zh}（限值：{limits[0]}）"
    return {"code": _code(kind), "field": _field(place), "detail": detail, "detail_zh": detail_zh}


def _field(place: list[Any]) -> str:
    return ".".join(str(part) for part in place if isinstance(part, int) or _FIELD.fullmatch(str(part)))


def _code(words: str) -> str:
    return re.sub(r"[^a-z0-9]+", "-", words.lower()).strip("-")
