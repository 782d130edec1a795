"""OpenAI's older text completions, LM Studio's default path `/v1/completions` (S0-36)."""

from __future__ import annotations

from typing import Any

from generator_svc.dialects.openai_chat import tokens
from generator_svc.domain import failures
from generator_svc.domain.provider import Ask, Completion

PATH = "/completions"


def to_request(ask: Ask) -> dict[str, Any]:
    """Request body: one text. A system message goes before the prompt, a complaint after the answer it is about."""
    parts = [ask.system] if ask.system is not None else []
    parts.append(ask.prompt)
    for turn in ask.turns:
        parts += [turn.answer, turn.complaint]
    request: dict[str, Any] = {"model": ask.model, "prompt": "\n\n".join(parts)}
    if ask.temperature is not None:
        request["temperature"] = ask.temperature
    if ask.max_tokens is not None:
        request["max_tokens"] = ask.max_tokens
    return request


def to_completion(body: Any) -> Completion:
    """Text and usage. Raises `ProviderError` where there is no usable text."""
    try:
        choice = body["choices"][0]
        text, finished = choice["text"], choice.get("finish_reason")
    except (KeyError, IndexError, TypeError, AttributeError):
        raise failures.malformed() from None
    if finished == "content_filter":
        raise failures.filtered()
    if not isinstance(text, str):
        raise failures.malformed()
    if not text.strip():
        raise failures.empty_answer()
    return Completion(text, *tokens(body.get("usage")))
