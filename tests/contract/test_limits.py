"""Modules and functions stay small enough to be read at once."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(path for root in ("services", "shared", "deploy") for path in (ROOT / root).rglob("*.py"))
MODULE_LINES, FUNCTION_LINES, PARAMETERS = 250, 40, 6
NAMES_THAT_TELL_NOTHING = {
    "utils",
    "util",
    "helpers",
    "helper",
    "common",
    "misc",
    "models",
    "exceptions",
    "constants",
}


def faults(path: Path, source: str) -> Iterator[str]:
    """What is too large or badly named in a module, one sentence each."""
    tree = ast.parse(source)
    if (lines := len(source.splitlines())) > MODULE_LINES:
        yield f"{path}: {lines} lines"
    if path.stem in NAMES_THAT_TELL_NOTHING:
        yield f"{path}: a name that tells nothing"
    if source.strip() and not ast.get_docstring(tree):
        yield f"{path}: no docstring"
    for function in _functions(tree):
        place = f"{path}:{function.lineno} {function.name}"
        if (lines := (function.end_lineno or 0) - function.lineno + 1) > FUNCTION_LINES:
            yield f"{place}: {lines} lines"
        if (taken := len(_parameters(function))) > PARAMETERS:
            yield f"{place}: {taken} parameters"


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    yield from (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def _parameters(function: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    arguments = function.args
    named = [one.arg for one in (*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs)]
    return [name for name in named if name not in {"self", "cls"}]


def test_every_module_and_function_keeps_within_its_limits():
    found = [fault for path in SOURCES for fault in faults(path.relative_to(ROOT), path.read_text())]
    assert found == []


def test_nine_functions_in_ten_are_short():
    lengths = sorted(
        (function.end_lineno or 0) - function.lineno + 1
        for path in SOURCES
        for function in _functions(ast.parse(path.read_text()))
    )
    assert lengths[len(lengths) * 9 // 10] < 25


@pytest.mark.parametrize(
    ("name", "source", "told"),
    [
        ("long.py", '"""Long."""\n' + "x = 1\n" * 250, "251 lines"),
        ("helpers.py", '"""Nothing."""\n', "a name that tells nothing"),
        ("bare.py", "x = 1\n", "no docstring"),
        ("deed.py", '"""Deed."""\ndef do():\n' + "    x = 1\n" * 40, "do: 41 lines"),
        ("wide.py", '"""Wide."""\ndef do(a, b, c, d, e, f, g):\n    return a\n', "do: 7 parameters"),
    ],
)
def test_what_is_too_large_or_badly_named_is_found(name, source, told):
    (fault,) = faults(Path(name), source)
    assert told in fault
