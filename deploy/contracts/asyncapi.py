"""AsyncAPI 3.0 documents: what each service, and a channel on the bus, sends and receives."""

from collections.abc import Iterable
from typing import Any

from deploy.contracts.headers import EVENT_HEADERS, SIGNED_HEADERS
from deploy.contracts.schemas import Contract, Schema, contracts_of
from deploy.contracts.subscriptions import services, subscriptions
from shared.contracts.base import Event
from shared.contracts.topics import TOPICS, Topic
from shared.inbox import Consumer
from shared.sealed_submissions import ALGORITHMS

Document = dict[str, Any]
CHANNELS = "channels"
JOSE = "application/jose"
KAFKA_BINDING = "0.5.0"
SCHEMA_FORMAT = "application/schema+json;version=draft-2020-12"

HOW_SEALED = (
    f"JWE in compact form ({', '.join(ALGORITHMS)}) to the key of GET /api/intake/submission-key; "
    "opened, it is JSON by `contentSchema`."
)

ABOUT = {
    "catalog": "States the rules of each region and the calendars of each year.",
    "intake": "Takes applications from channels and shows applicants what becomes of them.",
    "review": "Opens a case for each application and leads it to a decision.",
    "notify": "Tells persons by SMS and in the app what happened to their application.",
    CHANNELS: "What an app, mini-program, portal or window writes and reads that prefers the bus to HTTP.",
}


def documents() -> dict[str, Document]:
    """One document per service of this tree, and one for channels."""
    found = {service: document_of(service, subscriptions(service)) for service in services()}
    found[CHANNELS] = document_of(CHANNELS, [])
    return found


def document_of(service: str, reading: Iterable[Consumer]) -> Document:
    """The AsyncAPI document of one writer and reader."""
    sent = {topic.name: contracts_of(topic) for topic in TOPICS if topic.writer == service}
    received = {consumer.topic.name: _handled(consumer) for consumer in reading}
    if service == CHANNELS:
        received = {topic.name: contracts_of(topic) for topic in TOPICS if CHANNELS in topic.readers}
    used = {name: (*sent.get(name, ()), *received.get(name, ())) for name in (*sent, *received)}
    kinds = [kind for of_topic in used.values() for kind in of_topic]
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": f"Mente {service}",
            "version": "1",
            "description": ABOUT.get(service, f"The service {service}."),
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic, used[topic.name]) for topic in TOPICS if topic.name in used},
        "operations": {
            **{f"send.{name}": _operation("send", name, sent[name]) for name in sent},
            **{
                f"receive.{name}": _operation("receive", name, received[name], _group(service, name))
                for name in received
            },
        },
        "components": {"messages": {kind.type: _message(kind) for kind in kinds}, "schemas": _schemas(kinds)},
    }


def _handled(consumer: Consumer) -> tuple[Contract, ...]:
    handled = tuple(kind for kind in consumer.topic.events if kind in consumer.handlers)
    return handled or contracts_of(consumer.topic)


def _group(service: str, topic: str) -> str | None:
    return None if service == CHANNELS else f"{service}.{topic}"


def _channel(topic: Topic, kinds: Iterable[Contract]) -> Document:
    return {
        "address": topic.name,
        "summary": topic.subject,
        "description": f"Key: {topic.key}. Records of one key keep their order. Written by {topic.writer}.",
        "messages": {kind.type: {"$ref": f"#/components/messages/{kind.type}"} for kind in kinds},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": {
                    "cleanup.policy": [topic.cleanup_policy],
                    "retention.ms": topic.retention_ms,
                },
                "bindingVersion": KAFKA_BINDING,
            }
        },
    }


def _operation(action: str, topic: str, kinds: Iterable[Contract], group: str | None = None) -> Document:
    operation: Document = {
        "action": action,
        "channel": {"$ref": f"#/channels/{topic}"},
        "messages": [{"$ref": f"#/channels/{topic}/messages/{kind.type}"} for kind in kinds],
    }
    if group:
        binding = {"groupId": {"type": "string", "const": group}, "bindingVersion": KAFKA_BINDING}
        operation["bindings"] = {"kafka": binding}
    return operation


def _message(kind: Contract) -> Document:
    name = f"{kind.type}/{kind.version}"
    return {
        "name": kind.type,
        "title": kind.__name__,
        "summary": (kind.__doc__ or "").strip().splitlines()[0],
        "contentType": "application/json" if issubclass(kind, Event) else JOSE,
        "headers": _headers(kind),
        "payload": {
            "schemaFormat": SCHEMA_FORMAT,
            "schema": _body(kind, {"$ref": f"../schemas/{name}.json"}),
        },
        "bindings": {"kafka": {"key": {"type": "string"}, "bindingVersion": KAFKA_BINDING}},
    }


def _body(kind: Contract, content: Schema) -> Schema:
    if issubclass(kind, Event):
        return content
    sealed = {"type": "string", "description": HOW_SEALED, "contentMediaType": JOSE}
    return {**sealed, "contentSchema": content}


def _headers(kind: Contract) -> Document:
    if not issubclass(kind, Event):
        return {"$ref": "#/components/schemas/signed-headers"}
    own = {"ce_type": {"const": kind.type}, "ce_dataschema": {"const": kind.dataschema()}}
    return {"allOf": [{"$ref": "#/components/schemas/event-headers"}, {"properties": own}]}


def _schemas(kinds: Iterable[Contract]) -> dict[str, Schema]:
    of_events = {issubclass(kind, Event) for kind in kinds}
    named = {"event-headers": (True, EVENT_HEADERS), "signed-headers": (False, SIGNED_HEADERS)}
    return {name: schema for name, (of_event, schema) in named.items() if of_event in of_events}
