"""Checkpoints on paper: a text that a person can type in again, and that tells where they slipped; pure."""

import json
from hashlib import sha256

from shared.checkpoints import Checkpoint
from shared.errors import Unreadable

_TITLE = "MENTE CHECKPOINT"
_FIELDS = {
    "format": "format",
    "topic": "topic",
    "number": "number",
    "since": "since",
    "until": "until",
    "size": "size",
    "root": "root",
    "leaves": "leaves_hash",
    "previous": "previous",
    "key": "key_id",
    "signature": "signature",
}
_NUMBERS = ("number", "size")
_HEX = ("root", "leaves", "previous", "signature", "check")
# What a reader takes for a digit; none of these letters is a hex digit.
_LOOKALIKES = str.maketrans("oil", "011")
_LINE = 32


def printable(checkpoint: Checkpoint) -> str:
    """Give a checkpoint as a text for paper, 19 lines of up to 57 characters unless a name is longer.

    Hex stands in groups of four. Each line ends with a check of four hex digits that says which line was
    mistyped, and the last line is a check over all of them.
    """
    values = {**checkpoint.texts(), "signature": checkpoint.signature}
    lines = [(label, part) for label, field in _FIELDS.items() for part in _parts(label, str(values[field]))]
    printed = [
        f"{label.capitalize():<10} {_grouped(label, part)}  ={_check(number, label, part)}"
        for number, (label, part) in enumerate(lines, start=1)
    ]
    whole = f"{'Check':<10} {_grouped('check', _check_over(lines))}"
    return "\n".join([_TITLE, *printed, whole, ""])


def parse_printed(text: str) -> Checkpoint:
    """Read a checkpoint back from paper, not yet verified; spaces, empty lines and capitals do not matter.

    Unreadable: `print-mistyped` names the line, counted from the title as 0; `print-unreadable` for a text
    that is no checkpoint.
    """
    lines = [line.split() for line in text.lower().splitlines() if line.strip()]
    if len(lines) < 3 or lines[0] != _TITLE.lower().split():
        raise Unreadable("print-unreadable", f"a printed checkpoint begins with the line {_TITLE}")
    read = [_read_line(number, words) for number, words in enumerate(lines[1:-1], start=1)]
    if (lines[-1][0], _plain("check", lines[-1][1:])) != ("check", _check_over(read)):
        raise Unreadable(
            "print-mistyped", "the line Check does not match: it is mistyped or a line is missing"
        )
    return _assembled(read)


def _read_line(number: int, words: list[str]) -> tuple[str, str]:
    label, part, mark = words[0], _plain(words[0], words[1:-1]), words[-1].translate(_LOOKALIKES)
    if label not in _FIELDS or mark != f"={_check(number, label, part)}":
        shown = f"line {number}, {label[:10]!r}, does not match the check at its end"
        raise Unreadable("print-mistyped", f"{shown}: it is mistyped or a line before it is missing")
    return label, part


def _assembled(lines: list[tuple[str, str]]) -> Checkpoint:
    texts = dict.fromkeys(_FIELDS, "")
    for label, part in lines:
        texts[label] += part
    try:
        values = {_FIELDS[label]: int(text) if label in _NUMBERS else text for label, text in texts.items()}
        return Checkpoint.model_validate_json(json.dumps(values))
    except ValueError as error:
        raise Unreadable("print-unreadable", "the lines do not make a checkpoint") from error


def _parts(label: str, value: str) -> list[str]:
    width = _LINE if label in _HEX else len(value)
    return [value[at : at + width] for at in range(0, len(value), width)]


def _grouped(label: str, part: str) -> str:
    return " ".join(part[at : at + 4] for at in range(0, len(part), 4)) if label in _HEX else part


def _plain(label: str, words: list[str]) -> str:
    joined = "".join(words)
    return joined.translate(_LOOKALIKES) if label in _HEX else joined


def _check(number: int, label: str, part: str) -> str:
    # With the line's number, so that two lines in each other's place are noticed.
    return sha256(f"{number} {label} {part}".lower().encode(errors="replace")).hexdigest()[:4]


def _check_over(lines: list[tuple[str, str]]) -> str:
    text = "\n".join(f"{label} {part}" for label, part in lines)
    return sha256(text.lower().encode(errors="replace")).hexdigest()[:16]
