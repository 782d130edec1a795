"""Response schemas: JSON Schema draft 2020-12 that stands alone, for nothing is fetched because a request names it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import jsonschema_rs

DIALECT = "https://json-schema.org/draft/2020-12/schema"
_META = jsonschema_rs.validator_for({"$ref": DIALECT})


def objection(schema: dict[str, Any]) -> str | None:
    """Why this cannot describe answers; None if it can."""
    if str(schema.get("$schema", DIALECT)).rstrip("#") != DIALECT:
        return f"only draft 2020-12 is served: leave out `$schema` or give {DIALECT}"
    if any(not reference.startswith("#") for reference in _references(schema)):
        return "references to other documents are not followed"
    return None if _META.is_valid(schema) else "this is not a valid JSON Schema (draft 2020-12)"


def fields(schema: dict[str, Any] | None) -> list[str]:
    """Top-level fields of the answers that a schema describes, in its order."""
    properties = (schema or {}).get("properties")
    return [str(name) for name in properties] if isinstance(properties, dict) else []


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        for name, value in node.items():
            if name in ("$ref", "$dynamicRef") and isinstance(value, str):
                yield value
            else:
                yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)
