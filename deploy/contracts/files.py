"""The generated files below `shared/contracts`: what they should hold, and where the tree differs."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from deploy.contracts import asyncapi
from deploy.contracts.examples import applications, cases, messages, persons, policies, submissions
from deploy.contracts.schemas import PRIVATE_SUFFIX, private_name, published, register, schemas_of
from shared.contracts.base import Event, SealedEvent
from shared.contracts.submissions import SubmissionOffered

CONTRACTS = Path(__file__).parents[2] / "shared" / "contracts"
SCHEMAS = CONTRACTS / "schemas"
RELEASED = CONTRACTS / "released"
TOPICS = "topics.json"
EXAMPLES = (submissions, applications, persons, cases, messages, policies)


class _PlainDumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def generated() -> dict[Path, str]:
    """Every file, by its path, with the text it should have."""
    return {**_schemas(), **_examples(), **_asyncapi()}


def write() -> list[Path]:
    """Write the files that differ and remove what no contract accounts for; the paths touched."""
    wanted = generated()
    changed = [path for path in wanted if _read(path) != wanted[path]]
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(wanted[path], encoding="utf-8")
    strays = _strays(wanted)
    for path in strays:
        path.unlink()
    return [*changed, *strays]


def differences() -> list[str]:
    """One sentence for each file that is missing, outdated or stray."""
    wanted = generated()
    told = []
    for path, text in wanted.items():
        found = _read(path)
        if found is None:
            told.append(f"{_name(path)} is missing")
        elif found != text:
            told.append(f"{_name(path)} is not what the contract says")
    return told + [f"{_name(path)} belongs to no contract" for path in _strays(wanted)]


def release() -> list[Path]:
    """Make today's schemas the released ones, which the gate compares with; the paths written."""
    written = []
    for path in sorted(SCHEMAS.rglob("*.json")):
        target = RELEASED / path.relative_to(SCHEMAS)
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(path.read_bytes())
        written.append(target)
    return written


def _schemas() -> dict[Path, str]:
    found = schemas_of(published()).items()
    return {
        SCHEMAS / TOPICS: _json(register()),
        **{SCHEMAS / name / f"{version}.json": _json(schema) for (name, version), schema in found},
    }


def _examples() -> dict[Path, str]:
    found = {}
    for name, value in (example for module in EXAMPLES for example in module.EXAMPLES):
        for kind, content in _contents(value):
            found[CONTRACTS / "examples" / kind / str(value.version) / f"{name}.json"] = _json(content)
    return found


def _contents(value: Event | SubmissionOffered) -> Iterator[tuple[str, Any]]:
    """What an example holds: its body, null for a tombstone, and what is sealed in it."""
    is_tombstone = isinstance(value, Event) and value.is_tombstone
    yield value.type, None if is_tombstone else value.model_dump(mode="json", exclude_none=True)
    if isinstance(value, SealedEvent) and value.private is not None:
        yield private_name(type(value)), value.private.model_dump(mode="json")


def _asyncapi() -> dict[Path, str]:
    return {
        CONTRACTS / "asyncapi" / f"{service}.yaml": yaml.dump(
            document, Dumper=_PlainDumper, sort_keys=False, allow_unicode=True, width=110
        )
        for service, document in asyncapi.documents().items()
    }


def _strays(wanted: dict[Path, str]) -> list[Path]:
    """Generated files that no contract accounts for; earlier versions of a type stay: records of them do."""
    current = {kind.type: kind.version for kind in published()}
    folders = [CONTRACTS / folder for folder in ("schemas", "examples", "asyncapi")]
    found = [path for folder in folders for path in folder.rglob("*.*") if path.is_file()]
    return sorted(path for path in found if path not in wanted and not _is_earlier(path, current))


def _is_earlier(path: Path, current: dict[str, int]) -> bool:
    folder, *place = path.relative_to(CONTRACTS).with_suffix("").parts
    if folder == "asyncapi" or len(place) < 2 or not place[1].isdigit():
        return False
    return int(place[1]) < current.get(place[0].removesuffix(PRIVATE_SUFFIX), 0)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _name(path: Path) -> str:
    return str(path.relative_to(CONTRACTS.parents[1]))
