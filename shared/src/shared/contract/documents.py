"""Builds the committed documents from the models and the topic table; the models stay the one definition."""

from __future__ import annotations

from typing import Any

from pydantic.json_schema import models_json_schema

from shared.events import Event
from shared.topics import DEAD_LETTERS, TOPICS, Topic

DIALECT = "https://json-schema.org/draft/2020-12/schema"
VERSION = "1.0.0"

Document = dict[str, Any]


def event_classes() -> list[type[Event]]:
    """Every event that crosses the bus, once, in the order of the topic table."""
    return list(dict.fromkeys(event for topic in TOPICS for event in topic.events))


def schema_of(event: type[Event]) -> Document:
    """JSON Schema of an event's value as a consumer must accept it."""
    _, whole = models_json_schema([(event, "validation")], ref_template="#/$defs/{model}")
    definitions = whole["$defs"]
    own = definitions.pop(event.__name__)
    return {"$schema": DIALECT, "$id": f"{event.type}.json", **own, **({"$defs": definitions} if definitions else {})}


def documents() -> dict[str, Document]:
    """File name → content of everything under `shared/schemas`."""
    return {f"{event.type}.json": schema_of(event) for event in event_classes()} | {"asyncapi.json": asyncapi()}


def asyncapi() -> Document:
    """The AsyncAPI 3 document: channels are topics, operations say which service sends and receives."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Recordsmith events",
            "version": VERSION,
            "description": "Synthetic and AI-enriched CRM records over Kafka. CloudEvents binary mode: the envelope is "
            "in the headers, the value is plain JSON. Golden examples are in shared/examples.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {_name(topic): _channel(topic) for topic in TOPICS},
        "operations": {operation["name"]: operation["body"] for topic in TOPICS for operation in _operations(topic)},
        "components": {
            "messages": {event.__name__: _message(event) for event in event_classes()} | {"DeadLetter": _dead_letter()},
            "schemas": {"Envelope": _envelope()},
        },
    }


def _name(topic: Topic) -> str:
    return topic.name.replace(".", "_").replace("-", "_")


def _channel(topic: Topic) -> Document:
    names = [event.__name__ for event in topic.events] or ["DeadLetter"]
    return {
        "address": topic.name,
        "description": f"Key: {topic.key}. Produced by {', '.join(topic.producers)}; "
        f"consumed by {', '.join(topic.consumers)}.",
        "messages": {name: {"$ref": f"#/components/messages/{name}"} for name in names},
        "bindings": {
            "kafka": {
                "topic": topic.name,
                "partitions": topic.partitions,
                "topicConfiguration": _topic_configuration(topic),
                "bindingVersion": "0.5.0",
            }
        },
    }


def _topic_configuration(topic: Topic) -> Document:
    lists = {"cleanup.policy"}
    return {name: [value] if name in lists else int(value) for name, value in topic.config.items()}


def _operations(topic: Topic) -> list[Document]:
    made = []
    for action, services in (("send", topic.producers), ("receive", topic.consumers)):
        for service in services:
            title = service.replace(" ", "_").replace("-", "_").replace(",", "")
            body = {"action": action, "channel": {"$ref": f"#/channels/{_name(topic)}"}, "title": service}
            made.append({"name": f"{title}_{action}_{_name(topic)}", "body": body})
    return made


def _message(event: type[Event]) -> Document:
    return {
        "name": event.type,
        "title": event.__name__,
        "summary": (event.__doc__ or "").strip().splitlines()[0],
        "contentType": "application/json",
        "headers": {"$ref": "#/components/schemas/Envelope"},
        "payload": {
            "schemaFormat": "application/schema+json;version=draft-2020-12",
            "schema": {"$ref": f"./{event.type}.json"},
        },
    }


def _envelope() -> Document:
    return {
        "type": "object",
        "required": ["ce_type"],
        "properties": {
            "ce_id": {"type": "string", "description": "equal for a repetition of the same event"},
            "ce_type": {"type": "string", "description": "recordsmith.<noun>.<past participle>.v<n>"},
            "ce_source": {"type": "string", "description": "who produced it"},
            "ce_specversion": {"const": "1.0"},
            "ce_time": {"type": "string", "format": "date-time"},
            "content-type": {"const": "application/json"},
            "traceparent": {"type": "string", "description": "W3C trace context, continued by the consumer"},
        },
    }


def _dead_letter() -> Document:
    described = {
        "dl_reason": "why it could not be processed, for people",
        "dl_error": "type of the error",
        "dl_topic": f"where it was read; a replay goes back there from {DEAD_LETTERS.name}",
        "dl_partition": "where it was read",
        "dl_offset": "where it was read",
        "dl_timestamp": "when it was written there, in milliseconds",
        "dl_service": "who gave up",
    }
    return {
        "name": "dead letter",
        "title": "DeadLetter",
        "summary": "The original key, headers and value, untouched, with the reason beside them.",
        "headers": {
            "type": "object",
            "required": ["dl_reason", "dl_topic"],
            "properties": {name: {"type": "string", "description": text} for name, text in described.items()},
        },
        "payload": {},
    }
