"""JSON Schemas of everything that is published, and the register of topics as data."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema

from shared.contracts.base import Event
from shared.contracts.submissions import SubmissionOffered
from shared.contracts.topics import SUBMISSIONS, TOPICS, Topic

Schema = dict[str, Any]
Contract = type[Event] | type[SubmissionOffered]
DIALECT = "https://json-schema.org/draft/2020-12/schema"


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
    return {"$schema": DIALECT, **(schema if is_strict(kind) else opened(schema))}


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
