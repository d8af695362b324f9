"""The private parts of an application in clear, with what shows that they are what was sealed."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from deploy.audit.evidence.gathering import Published
from deploy.audit.evidence.papers import SealedPaper
from shared.errors import Refused
from shared.sealing import Algorithm, DataKey, Unsealable, box_bytes, unseal

GONE = "the key that this was sealed under is gone: only a masked pack can be made"


@dataclass(frozen=True, slots=True)
class Permission:
    """What two people agreed to: the keys of one application, and who, why and when."""

    key: DataKey
    papers: Mapping[str, DataKey]
    record: Mapping[str, str]


def permission_of(answer: Mapping[str, Any], record: Mapping[str, str]) -> Permission:
    """Read intake's answer to an approval."""
    papers = {name: _key(given) for name, given in answer["papers"].items()}
    return Permission(_key(answer["key"]), papers, record)


def opened_files(
    events: Sequence[Published], papers: Sequence[SealedPaper], permission: Permission
) -> dict[str, bytes]:
    """Everything below `opened/` of a pack, by name; raises Refused `person-erased` or `paper-altered`."""
    key = permission.key
    secret = base64.b64encode(key.secret).decode()
    told = {"key_id": str(key.key_id), "algorithm": key.algorithm.value, "secret": secret}
    files = {"opened/key.json": _json(told), "opened/permission.json": _json(permission.record)}
    for event in events:
        if box := event.facts.get("sealed"):
            files[f"opened/events/{event.place}"] = _opened(key, event, box)
    for paper in papers:
        paper_key = permission.papers.get(paper.facts["name"])
        if paper_key is None:
            raise Refused("person-erased", GONE)
        name, content = paper.opened(paper_key)
        files[f"opened/papers/{name}"] = content
    return files


def _opened(key: DataKey, event: Published, box: str) -> bytes:
    try:
        return unseal(key, box_bytes(box), f"{event.link.type}/{event.link.key}".encode())
    except Unsealable:
        raise Refused("person-erased", GONE) from None


def _key(given: Mapping[str, str]) -> DataKey:
    secret = base64.b64decode(given["secret"])
    return DataKey(UUID(given["key_id"]), Algorithm(given["algorithm"]), secret)


def _json(told: Mapping[str, str]) -> bytes:
    return json.dumps(told, ensure_ascii=False, indent=1).encode()
