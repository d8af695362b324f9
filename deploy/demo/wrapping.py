"""Lines of Chinese and English that break where either may: rich breaks at blanks alone."""

from __future__ import annotations

import re
from collections.abc import Iterator

from rich.cells import cell_len
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.text import Text

NOT_FIRST = "，。、；：！？）》」』】”’…"
"""Marks that no line begins with."""

NOT_LAST = "（《「『【“‘"
"""Marks that no line ends with."""

WIDE = r"\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef“”‘’…"
PIECE = re.compile(rf"[{NOT_LAST}]*(?:[{WIDE}]|[^\s{WIDE}]+)[{NOT_FIRST}]*\s*|\s+")


class Lines:
    """Paragraphs below each other, each in one style, as wide as there is room."""

    def __init__(self, *paragraphs: tuple[str, str]) -> None:
        self._paragraphs = paragraphs

    def __rich_console__(self, _console: Console, options: ConsoleOptions) -> RenderResult:
        for words, style in self._paragraphs:
            for line in words.splitlines():
                for piece in wrap(line, options.max_width):
                    yield Text(piece, style, no_wrap=True, overflow="fold")

    def __rich_measure__(self, _console: Console, options: ConsoleOptions) -> Measurement:
        longest = max(cell_len(line) for words, _ in self._paragraphs for line in words.splitlines() or [""])
        return Measurement(min(longest, 20), min(longest, options.max_width))


def wrap(words: str, width: int) -> Iterator[str]:
    """Break words into lines of at most so many cells; a single longer piece is cut by whoever prints it."""
    line = ""
    for piece in PIECE.findall(words):
        if line and cell_len(line + piece.rstrip()) > width:
            yield line.rstrip()
            line = ""
        line += piece
    yield line.rstrip()
