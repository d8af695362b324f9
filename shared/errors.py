"""The three kinds of error that callers meet; anything else is a bug and rises."""

from typing import Any


class Refused(Exception):
    """The request breaks a rule; the caller can act on `code` and `detail`."""

    def __init__(self, code: str, detail: str, *, status: int = 409, **extra: Any) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.status = status
        self.extra = extra


class Unavailable(Exception):
    """Something we depend on is away; the same request works later, after `retry_after` seconds."""

    def __init__(self, code: str, detail: str, *, retry_after: float = 1.0) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
        self.retry_after = retry_after


class Unreadable(Exception):
    """The input can never be understood, however often it is tried."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(f"{code}: {detail}")
        self.code = code
        self.detail = detail
