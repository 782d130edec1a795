"""How a response schema is put to a model: as instructions in the prompt and, where it can be, as a strict mode."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson

_STRICT_KEYWORDS = {
    "type",
    "properties",
    "required",
    "additionalProperties",
    "items",
    "enum",
    "const",
    "description",
    "title",
}
"""What every provider's strict mode takes; constraints beyond that are validated here, never there."""

_NOTES = {"description", "title"}


def with_instructions(prompt: str, schema: Mapping[str, Any]) -> str:
    """The rendered prompt, then what the answer must look like (S1-47)."""
    return (
        f"{prompt}\n\nAnswer with one JSON value and nothing else: no explanation, no code fence. "
        f"It must be valid against this JSON Schema:\n{orjson.dumps(schema).decode()}"
    )


def complaint(message: str) -> str:
    """What a model is told about an answer that did not fit."""
    return (
        f"That answer does not fit the JSON Schema: {message[:500]}\nAnswer again with the corrected JSON value only."
    )


def strict_schema(schema: Mapping[str, Any]) -> dict[str, Any] | None:
    """The schema as strict modes want it (objects closed, all properties required); None where it cannot be said so."""
    if schema.get("type") != "object":
        return None
    return _strict(schema)


def _strict(schema: Any) -> dict[str, Any] | None:
    if not isinstance(schema, Mapping) or not isinstance(schema.get("type"), str):
        return _choice(schema)
    kept = {key: schema[key] for key in ("type", "enum", "const", *_NOTES) if key in schema}
    if schema["type"] == "object":
        return _strict_object(schema, kept)
    if schema["type"] == "array":
        items = _strict(schema.get("items"))
        return None if items is None or "prefixItems" in schema else kept | {"items": items}
    return kept


def _choice(schema: Any) -> dict[str, Any] | None:
    if isinstance(schema, Mapping) and schema.get("enum") and all(isinstance(v, str) for v in schema["enum"]):
        return {"type": "string", "enum": list(schema["enum"])}
    return None


def _strict_object(schema: Mapping[str, Any], kept: dict[str, Any]) -> dict[str, Any] | None:
    properties = schema.get("properties")
    if not isinstance(properties, Mapping) or set(schema.get("required", ())) != set(properties):
        return None
    if set(schema) - _STRICT_KEYWORDS or schema.get("additionalProperties") not in (None, False):
        return None
    inner = {name: _strict(value) for name, value in properties.items()}
    if any(value is None for value in inner.values()):
        return None
    return kept | {"properties": inner, "required": list(properties), "additionalProperties": False}
