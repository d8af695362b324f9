"""Where in a policy file a value stands: path in words and line; pure."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from services.catalog.domain.layering import IDENTITIES, Json

MOST_PARTS = 200_000
MOST_LETTERS = 8_000_000
DEEPEST = 60
"""Repeated parts (YAML's anchors) count each time, so that a small file cannot grow without end."""


@dataclass(frozen=True, slots=True)
class File:
    """A policy file: its name as shown in errors, and its text."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a file (1 is the first) and how many steps of the path were found on the way to it."""

    file: str
    line: int
    depth: int


class _StrictLoader(yaml.CSafeLoader):
    """YAML in which a key that stands twice in one mapping is an error, not the last one wins."""


def _mapping_without_doubles(loader: _StrictLoader, node: yaml.MappingNode) -> dict[Any, Any]:
    seen = set[str]()
    for key, _ in node.value:
        if key.tag != "tag:yaml.org,2002:str":
            raise yaml.MarkedYAMLError(problem="a name must be plain text", problem_mark=key.start_mark)
        if key.value in seen:
            raise yaml.MarkedYAMLError(problem=f"{key.value} stands here twice", problem_mark=key.start_mark)
        seen.add(key.value)
    return loader.construct_mapping(node, deep=True)


_StrictLoader.add_constructor("tag:yaml.org,2002:map", _mapping_without_doubles)


def parse(file: File) -> Json:
    """Read YAML in which no key stands twice; yaml.YAMLError otherwise."""
    _refuse_what_grows(file.text)
    return yaml.load(file.text, _StrictLoader)  # noqa: S506 (a safe loader)


@dataclass(slots=True)
class _Weight:
    """How much a part holds once its repetitions are written out."""

    anchor: str | None = None
    parts: int = 0
    letters: int = 0

    def add(self, other: "_Weight") -> None:
        self.parts += other.parts
        self.letters += other.letters


def _refuse_what_grows(text: str) -> None:
    """Go through the flat events of a file, before anything is built of it."""
    whole = [_Weight()]
    known: dict[str, _Weight] = {}
    for event in yaml.parse(text, yaml.CSafeLoader):
        if isinstance(event, yaml.CollectionStartEvent):
            whole.append(_Weight(event.anchor, 1))
        elif isinstance(event, yaml.CollectionEndEvent):
            _close(whole, known)
        elif isinstance(event, yaml.ScalarEvent):
            _refuse_merge(event)
            whole.append(_Weight(event.anchor, 1, len(event.value)))
            _close(whole, known)
        elif isinstance(event, yaml.AliasEvent):
            if event.anchor not in known:
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise yaml.YAMLError(f"line {line}: *{event.anchor} repeats what is not complete before it")
            whole[-1].add(known[event.anchor])
        _refuse_weight(whole)


def _close(whole: list[_Weight], known: dict[str, _Weight]) -> None:
    closed = whole.pop()
    whole[-1].add(closed)
    if closed.anchor:
        known[closed.anchor] = closed


def _refuse_merge(event: yaml.ScalarEvent) -> None:
    if event.value == "<<" and event.implicit[0]:
        line = event.start_mark.line + 1 if event.start_mark else 1
        raise yaml.YAMLError(f"line {line}: a mapping is not merged into another by <<")


def _refuse_weight(whole: list[_Weight]) -> None:
    if len(whole) > DEEPEST:
        raise yaml.YAMLError(f"it is nested more than {DEEPEST} levels deep")
    if sum(one.parts for one in whole) > MOST_PARTS or sum(one.letters for one in whole) > MOST_LETTERS:
        raise yaml.YAMLError(f"it holds more than {MOST_PARTS:,} values once repetitions are written out")


def path_of(document: Json, steps: Sequence[str | int]) -> list[str]:
    """Name the steps to a value, an item of a list by its code, id, kind, event or part where it has one."""
    path = []
    for step in steps:
        item = document[step] if _holds(document, step) else None
        named = [str(item[name]) for name in IDENTITIES if isinstance(item, dict) and name in item]
        path.append(named[0] if isinstance(step, int) and named else str(step))
        document = item
    return path


def find(file: File, path: Sequence[str]) -> Place:
    """Find the line of a path, or of the deepest part of it that is there."""
    node = _composed(file)
    line, depth = 1, 0
    for step in path:
        node = _below(node, step)
        if node is None:
            break
        line, depth = node.start_mark.line + 1, depth + 1
    return Place(file.name, line, depth)


@lru_cache(maxsize=4)
def _composed(file: File) -> yaml.Node | None:
    node: yaml.Node | None = yaml.compose(file.text, yaml.CSafeLoader)
    return node


def _holds(document: Json, step: str | int) -> bool:
    if isinstance(step, int):
        return isinstance(document, list) and step < len(document)
    return isinstance(document, dict) and step in document


def _below(node: yaml.Node | None, step: str) -> yaml.Node | None:
    if isinstance(node, yaml.SequenceNode):
        named = [item for item in node.value if _is_named(item, step)]
        by_place = node.value[int(step) : int(step) + 1] if step.isdigit() else []
        return next(iter([*named, *by_place]), None)
    if not isinstance(node, yaml.MappingNode):
        return None
    children = {key.value: value for key, value in node.value if isinstance(key, yaml.ScalarNode)}
    if step not in children and "list" in children:
        return _below(children["list"], step)
    return children.get(step, node if step == "v" else None)


def _is_named(item: yaml.Node, name: str) -> bool:
    return isinstance(item, yaml.MappingNode) and any(
        key.value in IDENTITIES and value.value == name for key, value in item.value
    )
