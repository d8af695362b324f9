"""JSON Schemas of everything that is published or sealed in it, and the register of topics as data."""

from collections.abc import Iterable
from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from shared.contracts.base import Event, SealedEvent
from shared.contracts.submissions import SubmissionOffered
from shared.contracts.topics import SUBMISSIONS, TOPICS, Topic

Schema = dict[str, Any]
Contract = type[Event] | type[SubmissionOffered]
DIALECT = "https://json-schema.org/draft/2020-12/schema"
PRIVATE_SUFFIX = ".private"
"""Behind the name of a type: what its field `sealed` holds, in JSON, once it is opened."""


class WithoutTitles(GenerateJsonSchema):
    """Leaves out titles of fields: they only repeat the field's name."""

    def field_title_should_be_set(self, schema: Any) -> bool:  # noqa: ARG002
        return False


def published() -> list[Contract]:
    """All contracts: the events of the register, and what channels offer."""
    return [kind for topic in TOPICS for kind in contracts_of(topic)]


def contracts_of(topic: Topic) -> tuple[Contract, ...]:
    """What stands on a topic; channels write one body, which is no event of ours."""
    return (SubmissionOffered,) if topic is SUBMISSIONS else topic.events


def is_strict(kind: Contract) -> bool:
    """Whether its reader refuses fields it does not know: true for what comes from outside."""
    return not issubclass(kind, Event)


def schema_of(kind: Contract) -> Schema:
    """The JSON Schema of a body as its readers take it: an event may have fields they do not know."""
    schema = kind.model_json_schema(schema_generator=WithoutTitles)
    if issubclass(kind, Event) and (kind.is_tombstone or kind.is_state):
        schema = _or_null(kind, schema)
    return {"$schema": DIALECT, **(schema if is_strict(kind) else opened(schema))}


def _or_null(kind: type[Event], schema: Schema) -> Schema:
    """The schema of a body that may be missing, which stands here for null; that of a tombstone always is."""
    about: Schema = {name: schema.pop(name) for name in ("$defs", "description", "title") if name in schema}
    if kind.is_tombstone:
        return {"description": about["description"], "title": about["title"], "type": "null"}
    return {**about, "anyOf": [schema, {"type": "null"}]}


def schemas_of(kinds: Iterable[Contract]) -> dict[tuple[str, int], Schema]:
    """The schemas of bodies and of what is sealed in them, by name and version."""
    found = {}
    for kind in kinds:
        found[kind.type, kind.version] = schema_of(kind)
        if issubclass(kind, SealedEvent):
            found[private_name(kind), kind.version] = private_schema_of(kind)
    return found


def private_name(kind: type[SealedEvent]) -> str:
    """Under which name the private part of an event is published as a contract."""
    return kind.type + PRIVATE_SUFFIX


def private_schema_of(kind: type[SealedEvent]) -> Schema:
    """The JSON Schema of a private part; boxes are kept as long as bodies are, so it grows as they do."""
    return {"$schema": DIALECT, **opened(kind.private_kind.model_json_schema(schema_generator=WithoutTitles))}


def opened(schema: Any) -> Any:
    """The same schema with unknown fields allowed at every level."""
    if isinstance(schema, list):
        return [opened(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        name: opened(part)
        for name, part in schema.items()
        if not (name == "additionalProperties" and part is False)
    }


def closed(schema: Any) -> Any:
    """The same schema with unknown fields refused at every level, as a writer keeps it."""
    if isinstance(schema, list):
        return [closed(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    parts = {name: closed(part) for name, part in schema.items()}
    if parts.get("type") == "object" and isinstance(parts.get("properties"), dict):
        parts["additionalProperties"] = False
    return parts


def register() -> list[dict[str, Any]]:
    """The register of topics as data, for programs that are not written in Python."""
    return [
        {
            "name": topic.name,
            "subject": topic.subject,
            "writer": topic.writer,
            "readers": list(topic.readers),
            "events": [kind.type for kind in contracts_of(topic)],
            "key": topic.key,
            "partitions": topic.partitions,
            "cleanup_policy": topic.cleanup_policy,
            "retention_ms": topic.retention_ms,
        }
        for topic in TOPICS
    ]
