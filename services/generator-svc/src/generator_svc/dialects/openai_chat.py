"""OpenAI Chat Completions, which OpenAI, LM Studio, Gemini and Copilot-like endpoints speak."""

from __future__ import annotations

from typing import Any

from generator_svc.domain import failures
from generator_svc.domain.provider import Ask, Completion
from generator_svc.domain.structured import strict_schema

PATH = "/chat/completions"


def to_request(ask: Ask) -> dict[str, Any]:
    """Request body. Without a schema the user message is the prompt and nothing else."""
    messages: list[dict[str, str]] = []
    if ask.system is not None:
        messages.append({"role": "system", "content": ask.system})
    messages.append({"role": "user", "content": ask.prompt})
    for turn in ask.turns:
        messages.append({"role": "assistant", "content": turn.answer})
        messages.append({"role": "user", "content": turn.complaint})
    request: dict[str, Any] = {"model": ask.model, "messages": messages}
    if ask.temperature is not None:
        request["temperature"] = ask.temperature
    if ask.max_tokens is not None:
        request["max_tokens"] = ask.max_tokens
    if ask.schema is not None:
        request["response_format"] = _response_format(ask)
    return request


def to_completion(body: Any) -> Completion:
    """Text and usage. Raises `ProviderError` where there is no usable text."""
    try:
        choice = body["choices"][0]
        message = choice["message"]
        text = message.get("content")
    except (KeyError, IndexError, TypeError, AttributeError):
        raise failures.malformed() from None
    if choice.get("finish_reason") == "content_filter" or message.get("refusal"):
        raise failures.filtered()
    if isinstance(text, list):
        text = "".join(part.get("text", "") for part in text if isinstance(part, dict))
    if not isinstance(text, str) or not text.strip():
        raise failures.empty_answer()
    return Completion(text, *tokens(body.get("usage")))


def tokens(usage: Any) -> tuple[int, int]:
    """Input and output tokens; 0 where a server does not count."""
    if not isinstance(usage, dict):
        return 0, 0
    counted = (usage.get("prompt_tokens"), usage.get("completion_tokens"))
    given, made = (number if isinstance(number, int) and number >= 0 else 0 for number in counted)
    return given, made


def _response_format(ask: Ask) -> dict[str, Any]:
    strict = strict_schema(ask.schema or {})
    if strict is None:
        return {"type": "json_object"} if (ask.schema or {}).get("type") == "object" else {"type": "text"}
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": strict}}
