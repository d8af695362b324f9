"""The headers of a record as JSON Schemas: what the relay writes, and what a channel signs."""

from deploy.contracts.schemas import Schema

TEXT = {"type": "string"}

EVENT_HEADERS: Schema = {
    "type": "object",
    "description": "CloudEvents 1.0 in binary mode; every value is UTF-8 text.",
    "required": [
        "ce_specversion",
        "ce_id",
        "ce_source",
        "ce_type",
        "ce_time",
        "ce_subject",
        "ce_dataschema",
        "ce_sequence",
        "ce_previoushash",
        "content-type",
    ],
    "properties": {
        "ce_specversion": {"const": "1.0"},
        "ce_id": {"type": "string", "format": "uuid", "description": "UUIDv7; the same for every copy."},
        "ce_source": {"type": "string", "pattern": "^mente/[a-z]+$"},
        "ce_type": TEXT,
        "ce_time": {"type": "string", "format": "date-time"},
        "ce_subject": {"type": "string", "description": "The record's key."},
        "ce_dataschema": {"type": "string", "description": "Type and version of the body."},
        "ce_sequence": {
            "type": "string",
            "pattern": "^[1-9][0-9]*$",
            "description": "1, 2, 3 … per key and topic.",
        },
        "ce_previoushash": {
            "type": "string",
            "pattern": "^[0-9a-f]{64}$",
            "description": "The hash of the event before it in its chain; 64 zeros for the first.",
        },
        "traceparent": {"type": "string", "pattern": "^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$"},
        "content-type": {"const": "application/json"},
    },
}

SIGNED_HEADERS: Schema = {
    "type": "object",
    "description": "Ed25519 over PUBLISH, the topic, the SHA-256 of the body, timestamp, nonce and key.",
    "required": ["mente-channel", "mente-timestamp", "mente-nonce", "mente-signature", "idempotency-key"],
    "properties": {
        "mente-channel": TEXT,
        "mente-timestamp": {"type": "string", "pattern": "^[0-9]+$", "description": "Unix milliseconds."},
        "mente-nonce": {"type": "string", "minLength": 16},
        "mente-signature": {"type": "string", "contentEncoding": "base64"},
        "idempotency-key": {"type": "string", "description": "The record's key."},
        "traceparent": EVENT_HEADERS["properties"]["traceparent"],
    },
}
