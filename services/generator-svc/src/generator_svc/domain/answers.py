"""Which answers are accepted: any text, or JSON that fits the batch's response schema."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

import json_repair
import jsonschema_rs
import orjson

REPAIRABLE = 200_000
"""Characters of an answer that is worth repairing: the repair is slow on long texts."""

_FENCE = re.compile(r"^\s*```[a-zA-Z]*\s*\n(.*?)\n?\s*```\s*$", re.DOTALL)


class InvalidAnswer(Exception):  # an answer is invalid; nothing broke
    """The answer is not what the schema asks for. The message is for the model alone: it quotes the answer."""


class SchemaUnusable(ValueError):
    """The response schema is no JSON Schema (draft 2020-12) that stands on its own."""


class ResponseRule:
    """Parses and validates the answers of one batch (S1-11)."""

    def __init__(self, schema: Mapping[str, Any]) -> None:
        self.schema = schema
        try:
            # Offline, because a reference in a schema must not make this service call an address that a batch chose.
            self._validator = jsonschema_rs.Draft202012Validator(dict(schema), offline=True)
        except Exception as error:
            raise SchemaUnusable("the response schema cannot be used") from error

    def accept(self, answer: str) -> dict[str, Any]:
        """The parsed answer; an answer that is no object stands under `value`. Raises `InvalidAnswer`."""
        try:
            found = orjson.loads(answer)
        except orjson.JSONDecodeError:
            found = repaired(answer)
        self.check(found)
        return found if isinstance(found, dict) else {"value": found}

    def check(self, value: Any) -> None:
        """Raises `InvalidAnswer` where the value does not fit."""
        for error in self._validator.iter_errors(value):
            place = "/".join(str(step) for step in error.instance_path)
            raise InvalidAnswer(f"at /{place}: {error.message}")


def repaired(answer: str) -> Any:
    """JSON out of an answer that is nearly JSON: fenced, cut off, with trailing commas or text around it."""
    if len(answer) > REPAIRABLE:
        raise InvalidAnswer("this is no JSON")
    fenced = _FENCE.match(answer)
    found = json_repair.loads(fenced[1] if fenced else answer)
    if found == "":
        raise InvalidAnswer("this is no JSON")
    try:
        # A repaired number may be infinite or none at all, and a repaired text may hold half a character: neither is
        # JSON. Not orjson: it writes null for NaN, and a null empties the CRM's field.
        return orjson.loads(json.dumps(found, ensure_ascii=False, allow_nan=False).encode())
    except (TypeError, ValueError):
        raise InvalidAnswer("this is no JSON, or holds a number that is none (NaN, Infinity)") from None
