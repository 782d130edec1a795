"""A request becomes a batch, or a list of everything that is wrong with it."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from pydantic import ValidationError
from pydantic_core import from_json
from shared.events import BatchSpec

from gateway.api import pointers, rules
from gateway.api.problems import Mistake, Problem, unprocessable

MAX_BODY = 8 * 1024 * 1024
MAX_MISTAKES = 20


@dataclass(frozen=True)
class Draft:
    """A valid request, and the hash by which its repetition is known."""

    spec: BatchSpec
    body_hash: str


async def json_body(request: Request) -> dict[str, Any]:
    """The JSON object in a request. Raises 400 for what is no JSON, 422 for another value or more than 8 MB."""
    body = bytearray()
    async for piece in request.stream():
        body += piece
        if len(body) > MAX_BODY:
            raise unprocessable(
                [Mistake("", "the request is larger than 8 MB", "send rows as a file, or read them from a source")]
            )
    try:
        # Refuses what Python's own parser lets through: NaN, lone surrogates, nesting beyond reason.
        payload = from_json(bytes(body), allow_inf_nan=False)
        json.dumps(payload, allow_nan=False)  # 1e999 is JSON, but no number that could be passed on
    except ValueError as error:
        raise Problem(400, "The body is not valid JSON.", slug="no-json") from error
    if not isinstance(payload, dict):
        raise unprocessable([Mistake("", "the body must be a JSON object")])
    return payload


def draft_of(payload: dict[str, Any], *, rows_in_a_file: bool = False) -> Draft:
    """Check a payload against the contract and against what makes sense. Raises a 422 problem with every mistake."""
    mistakes = pointers.unknown_fields(BatchSpec, payload)
    try:
        spec = BatchSpec.model_validate(payload, strict=True)
    except ValidationError as error:
        mistakes = pointers.mistakes_of(error) + mistakes
    else:
        mistakes += rules.objections(spec, rows_in_a_file=rows_in_a_file)
    if mistakes:
        raise unprocessable(mistakes[:MAX_MISTAKES])
    return Draft(spec, hash_of(payload))


def hash_of(payload: dict[str, Any]) -> str:
    """The same for the same JSON, however it is spaced and ordered."""
    text = json.dumps(payload, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
