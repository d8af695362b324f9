"""The moment at which tests play."""

from datetime import UTC, datetime

NOON = datetime(2026, 9, 18, 4, 0, tzinfo=UTC)
