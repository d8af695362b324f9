"""Whether a process is ready, and if not, which part of it and why."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from shared.errors import Unavailable

PATIENCE = 2.0
"""Seconds that one check may take."""

Check = Callable[[], Awaitable[str | None]]


class Health:
    """Named checks; each answers None when its part is fine, else the reason in a sentence."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self._patience = patience
        self._checks: dict[str, Check] = {}
        self._told_only: set[str] = set()

    def add(self, name: str, check: Check) -> None:
        """Watch one more part; ValueError for a name that is taken."""
        if name in self._checks:
            raise ValueError(f"a part named {name} is watched already")
        self._checks[name] = check

    def tell(self, name: str, check: Check) -> None:
        """Tell of one more part without which the process still does its work: it stays ready."""
        self.add(name, check)
        self._told_only.add(name)

    async def look(self) -> dict[str, Any]:
        """Ask every part at once: {"ready": bool, "parts": {name: {"ok": bool, "reason": str | None}}}."""
        reasons = await asyncio.gather(*(self._reason(check) for check in self._checks.values()))
        parts = {
            name: {"ok": reason is None, "reason": reason}
            for name, reason in zip(self._checks, reasons, strict=True)
        }
        ready = all(part["ok"] or name in self._told_only for name, part in parts.items())
        return {"ready": ready, "parts": parts}

    async def _reason(self, check: Check) -> str | None:
        try:
            async with asyncio.timeout(self._patience):
                return await check()
        except TimeoutError:
            return f"no answer within {self._patience:g} s"
        except Unavailable as error:
            return error.detail
        except Exception as error:
            # Its text could name an address or a person; its kind is enough to know where to look.
            return type(error).__name__
