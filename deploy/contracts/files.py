"""The generated files below `shared/contracts`: what they should hold, and where the tree differs."""

import json
from pathlib import Path
from typing import Any

import yaml

from deploy.contracts import asyncapi
from deploy.contracts.examples import applications, cases, messages, policies, submissions
from deploy.contracts.schemas import published, register, schema_of

CONTRACTS = Path(__file__).parents[2] / "shared" / "contracts"
SCHEMAS = CONTRACTS / "schemas"
RELEASED = CONTRACTS / "released"
TOPICS = "topics.json"
EXAMPLES = (submissions, applications, cases, messages, policies)


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
    found = {SCHEMAS / kind.type / f"{kind.version}.json": _json(schema_of(kind)) for kind in published()}
    return {SCHEMAS / TOPICS: _json(register()), **found}


def _examples() -> dict[Path, str]:
    return {
        CONTRACTS / "examples" / value.type / str(value.version) / f"{name}.json": _json(
            value.model_dump(mode="json", exclude_none=True)
        )
        for module in EXAMPLES
        for name, value in module.EXAMPLES
    }


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
    found = [
        path for folder in ("schemas", "examples", "asyncapi") for path in (CONTRACTS / folder).rglob("*.*")
    ]
    return sorted(path for path in found if path not in wanted and not _is_earlier(path, current))


def _is_earlier(path: Path, current: dict[str, int]) -> bool:
    folder, *place = path.relative_to(CONTRACTS).with_suffix("").parts
    if folder == "asyncapi" or len(place) < 2 or not place[1].isdigit():
        return False
    return int(place[1]) < current.get(place[0], 0)


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _name(path: Path) -> str:
    return str(path.relative_to(CONTRACTS.parents[1]))
