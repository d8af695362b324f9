"""The growth gate: what was released may grow but never break, because its records are kept for ever."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsoncompat

from deploy.contracts.changes import Change, Effect, changes
from deploy.contracts.files import TOPICS
from deploy.contracts.schemas import PRIVATE_SUFFIX, Schema, closed

Versions = Mapping[int, Schema]
FIXED = ("writer", "key", "partitions", "cleanup_policy")
WHY_FIXED = {
    "writer": "two writers of one topic would break its order",
    "key": "records of one thing would lose their order",
    "partitions": "keys would move to other partitions and lose their order",
    "cleanup_policy": "readers count on what is kept",
}


class NoBaseline(Exception):
    """There is nothing to compare with; the text names the folder."""


@dataclass(frozen=True, slots=True)
class Contracts:
    """The schemas of each type by version, and the register, as they stand in one folder."""

    types: Mapping[str, Versions]
    topics: Mapping[str, Mapping[str, Any]]

    def topic_of(self, kind: str) -> Mapping[str, Any] | None:
        """The register's entry of the topic that a type, or what is sealed in it, stands on."""
        kind = kind.removesuffix(PRIVATE_SUFFIX)
        return next((topic for topic in self.topics.values() if kind in topic["events"]), None)


@dataclass(frozen=True, slots=True)
class Verdict:
    """Why a change is refused; if it is not, which side to deploy first."""

    refusals: Sequence[str]
    advice: Sequence[str]


def read_contracts(folder: Path) -> Contracts:
    """Read a folder of schemas; NoBaseline if there is none."""
    if not (folder / TOPICS).is_file():
        raise NoBaseline(f"{folder} holds no {TOPICS}: it is not a folder of released schemas")
    types: dict[str, dict[int, Schema]] = {}
    for path in sorted(folder.glob("*/*.json")):
        types.setdefault(path.parent.name, {})[int(path.stem)] = json.loads(path.read_text(encoding="utf-8"))
    topics = json.loads((folder / TOPICS).read_text(encoding="utf-8"))
    return Contracts(types, {topic["name"]: topic for topic in topics})


def judge(released: Contracts, today: Contracts) -> Verdict:
    """Compare what was released with what stands today."""
    refusals = [*_topic_refusals(released, today)]
    advice = [*_topic_advice(released, today)]
    for kind, versions in released.types.items():
        if kind not in today.types:
            refusals.append(
                f"{kind}: the type was removed; its records are still there and readers must know it. "
                "Keep the contract, even if nobody states it any more."
            )
            continue
        told = _compare_type(kind, versions, today)
        refusals += told.refusals
        advice += told.advice
    new = [kind for kind in today.types if kind not in released.types]
    advice += [_new_type(kind, today) for kind in new if not kind.endswith(PRIVATE_SUFFIX)]
    return Verdict(refusals, advice)


def _compare_type(kind: str, released: Versions, today: Contracts) -> Verdict:
    versions = today.types[kind]
    last, now = max(released), max(versions)
    if now < last:
        return Verdict([f"{kind}: the version went back from {last} to {now}."], [])
    altered = [
        f"{kind}/{version}: the released schema was changed or removed; records of that version are read by "
        "it. Restore the file and give the change a version of its own."
        for version, schema in released.items()
        if version != now and (version not in versions or changes(schema, versions[version]))
    ]
    if released[last] == versions[now]:
        return Verdict(altered, [])
    found = changes(released[last], versions[now])
    refusals = [_broken(kind, change) for change in found if change.effect is Effect.BREAKS]
    if not refusals and not _reads_what_was_written(released[last], versions[now]):
        refusals = [f"{kind}: jsoncompat finds records of version {last} that version {now} could not read."]
    if found and now == last and not refusals:
        refusals = [
            f"{kind}: it changed ({_told(found)}) but is still version {last}. "
            f"Raise `version` to {last + 1}, so that `ce_dataschema` tells the two apart."
        ]
    effect = max((change.effect for change in found), default=Effect.ANY_ORDER)
    if not _is_read_today(released[last], versions[now]):
        effect = max(effect, Effect.READERS_FIRST)
    advice = [_advice(kind, found, effect, today)] if found and not refusals else []
    return Verdict([*altered, *refusals], advice)


def _reads_what_was_written(old: Schema, new: Schema) -> bool:
    """Whether tomorrow's reader takes every record that writers of today may have written."""
    return jsoncompat.check_compat(json.dumps(closed(old)), json.dumps(closed(new)), "deserializer")


def _is_read_today(old: Schema, new: Schema) -> bool:
    """Whether today's reader takes every record that tomorrow's writer may write."""
    return jsoncompat.check_compat(json.dumps(old), json.dumps(new), "serializer")


def _broken(kind: str, change: Change) -> str:
    place = f"`{change.place}` " if change.place else ""
    return f"{kind}: {place}{change.what}. Leave it as it was and add an optional field, or state a new type."


def _advice(kind: str, found: Sequence[Change], effect: Effect, today: Contracts) -> str:
    told = _told(found)
    if effect is Effect.ANY_ORDER:
        return (
            f"{kind}: {told}. Deploy writer and readers in any order: readers of today ignore what they do "
            "not know, and a reader that uses it does without it in older records."
        )
    return f"{kind}: {told}. {_readers_first(kind, today)}: a reader of today would refuse such a record."


def _told(found: Sequence[Change]) -> str:
    return "; ".join(f"`{change.place}` {change.what}" if change.place else change.what for change in found)


def _new_type(kind: str, today: Contracts) -> str:
    return (
        f"{kind}: a new type. {_readers_first(kind, today)}: a reader of today counts and passes a type that "
        "it does not know and never comes back to it."
    )


def _readers_first(kind: str, today: Contracts) -> str:
    topic = today.topic_of(kind)
    if topic is None:
        return "Deploy its readers first, then its writer"
    readers = " and ".join(topic["readers"]) or "nobody yet"
    return f"Deploy its readers first ({readers}), then its writer ({topic['writer']})"


def _topic_refusals(released: Contracts, today: Contracts) -> Iterator[str]:
    for name, old in released.topics.items():
        new = today.topics.get(name)
        if new is None:
            yield f"{name}: the topic was removed; its records are the memory of what happened. Keep it."
            continue
        for field in FIXED:
            if old[field] != new[field] and not _keeps_more(field, new):
                was, is_ = old[field], new[field]
                yield f"{name}: its {field} changed from {was} to {is_}: {WHY_FIXED[field]}."
        if _kept(new) < _kept(old):
            yield f"{name}: it is kept for a shorter time than was promised ({new['retention_ms']} ms)."
        for kind in old["events"]:
            place = today.topic_of(kind)
            if place is not None and place is not new:
                yield f"{kind}: it moved from {name} to {place['name']} and would lose its order."


def _keeps_more(field: str, new: Mapping[str, Any]) -> bool:
    """Whether a topic that was compacted keeps everything for ever now: readers find all they count on."""
    return field == "cleanup_policy" and new[field] == "delete" and _kept(new) == float("inf")


def _kept(topic: Mapping[str, Any]) -> float:
    return float("inf") if topic["retention_ms"] < 0 else float(topic["retention_ms"])


def _topic_advice(released: Contracts, today: Contracts) -> Iterator[str]:
    for name in [name for name in today.topics if name not in released.topics]:
        yield f"{name}: a new topic. Make it first, then deploy its readers, then its writer."
