"""A schema map out of whatever a model wrote: fences, prose around it, a comma too many."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import json_repair
import orjson

LONGEST_ANSWER = 200_000
_FENCE = re.compile(r"```[a-zA-Z]*\s*\n?(.*?)```", re.DOTALL)


class NoSchemaInAnswer(Exception):
    """The answer has no JSON object in it."""


def document_of(answer: str) -> Any:
    """The JSON value of an answer. Raises `NoSchemaInAnswer`."""
    answer = answer[:LONGEST_ANSWER]
    for text in _candidates(answer):
        try:
            found = orjson.loads(text)
        except orjson.JSONDecodeError:
            continue
        if isinstance(found, dict | list) and found:
            return found
    repaired = json_repair.loads(next(iter(_candidates(answer)), "")) if "{" in answer else None
    if isinstance(repaired, dict) and repaired:
        return repaired
    raise NoSchemaInAnswer("the answer has no schema in it")


def _candidates(answer: str) -> Iterator[str]:
    """The likeliest first: what stands in fences, what stands between the outermost braces, all of it."""
    yield from (fence.strip() for fence in _FENCE.findall(answer))
    first, last = answer.find("{"), answer.rfind("}")
    if 0 <= first < last:
        yield answer[first : last + 1]
    yield answer.strip()
