"""Anthropic Messages."""

from __future__ import annotations

from typing import Any

from generator_svc.domain import failures
from generator_svc.domain.provider import Ask, Completion
from generator_svc.domain.structured import strict_schema

PATH = "/messages"
VERSION = "2023-06-01"

DEFAULT_MAX_TOKENS = 1_024
"""The API requires a number."""


def to_request(ask: Ask) -> dict[str, Any]:
    """Request body."""
    messages = [{"role": "user", "content": ask.prompt}]
    for turn in ask.turns:
        messages.append({"role": "assistant", "content": turn.answer})
        messages.append({"role": "user", "content": turn.complaint})
    request: dict[str, Any] = {
        "model": ask.model,
        "max_tokens": ask.max_tokens or DEFAULT_MAX_TOKENS,
        "messages": messages,
    }
    if ask.system is not None:
        request["system"] = ask.system
    if ask.temperature is not None:
        request["temperature"] = min(ask.temperature, 1.0)  # the API's scale ends at 1, the batch's at 2
    if ask.schema is not None and (schema := strict_schema(ask.schema)) is not None:
        request["output_config"] = {"format": {"type": "json_schema", "schema": schema}}
    return request


def to_completion(body: Any) -> Completion:
    """Text and usage. Raises `ProviderError` where there is no usable text."""
    if not isinstance(body, dict) or not isinstance(body.get("content"), list):
        raise failures.malformed()
    if body.get("stop_reason") == "refusal":
        raise failures.filtered()
    text = "".join(
        block["text"]
        for block in body["content"]
        if isinstance(block, dict) and block.get("type") == "text" and isinstance(block.get("text"), str)
    )
    if not text.strip():
        raise failures.empty_answer()
    return Completion(text, *_tokens(body.get("usage")))


def _tokens(usage: Any) -> tuple[int, int]:
    if not isinstance(usage, dict):
        return 0, 0
    given = sum(
        _count(usage, name) for name in ("input_tokens", "cache_creation_input_tokens", "cache_read_input_tokens")
    )
    return given, _count(usage, "output_tokens")


def _count(usage: dict[str, Any], name: str) -> int:
    number = usage.get(name)
    return number if isinstance(number, int) and number >= 0 else 0
