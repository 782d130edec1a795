"""Requests and answers of each API as plain dicts."""

from __future__ import annotations

from typing import Any

import pytest
from generator_svc.dialects import anthropic_messages, openai_chat, openai_completions
from generator_svc.domain.failures import ProviderError
from generator_svc.domain.provider import Ask, Completion

SCHEMA = {"type": "object", "properties": {"a": {"type": "string", "minLength": 3}}, "required": ["a"]}
ASK = Ask("m", "the prompt", "be brief", 0.2, 300)
DIALECTS = (openai_chat, openai_completions, anthropic_messages)


def test_chat_request() -> None:
    messages = [{"role": "system", "content": "be brief"}, {"role": "user", "content": "the prompt"}]
    assert openai_chat.to_request(ASK) == {"model": "m", "messages": messages, "temperature": 0.2, "max_tokens": 300}


def test_completions_request() -> None:
    asked = openai_completions.to_request(ASK)
    assert asked == {"model": "m", "prompt": "be brief\n\nthe prompt", "temperature": 0.2, "max_tokens": 300}
    assert openai_completions.to_request(Ask("m", "p")) == {"model": "m", "prompt": "p"}


def test_messages_request() -> None:
    asked = anthropic_messages.to_request(Ask("m", "p", "s", 1.7))
    assert asked == {
        "model": "m", "max_tokens": 1024, "messages": [{"role": "user", "content": "p"}], "system": "s",
        "temperature": 1.0,
    }  # fmt: skip


def test_a_schema_becomes_the_strict_mode_without_what_strict_modes_refuse() -> None:
    strict = {
        "type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"], "additionalProperties": False,
    }  # fmt: skip
    ask = ASK._replace(schema=SCHEMA)
    chat = openai_chat.to_request(ask)["response_format"]
    assert chat == {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": strict}}
    assert anthropic_messages.to_request(ask)["output_config"]["format"]["schema"] == strict


def test_a_schema_with_optional_properties_is_left_to_the_instructions() -> None:
    ask = ASK._replace(schema={"type": "object", "properties": {"a": {"type": "string"}}})
    assert openai_chat.to_request(ask)["response_format"] == {"type": "json_object"}
    assert "output_config" not in anthropic_messages.to_request(ask)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_complaint_is_the_last_thing_the_model_reads(dialect: Any) -> None:
    asked = dialect.to_request(ASK.again("bad", "say it better"))
    last = asked["messages"][-1]["content"] if "messages" in asked else asked["prompt"]
    assert last.endswith("say it better")


def test_answers() -> None:
    chat = {"choices": [{"message": {"content": "hi"}}], "usage": {"prompt_tokens": 3, "completion_tokens": 2}}
    assert openai_chat.to_completion(chat) == Completion("hi", 3, 2)
    assert openai_completions.to_completion({"choices": [{"text": "hi"}]}) == Completion("hi", 0, 0)
    message = {"content": [{"type": "text", "text": "hi"}], "usage": {"input_tokens": 3, "output_tokens": 2}}
    assert anthropic_messages.to_completion(message) == Completion("hi", 3, 2)


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("body", [None, [], 7, "x", {}, {"choices": []}, {"choices": [None]}, {"content": {}}])
def test_any_other_body_is_malformed_and_nothing_worse(dialect: Any, body: Any) -> None:
    with pytest.raises(ProviderError) as error:
        dialect.to_completion(body)
    assert error.value.retryable


@pytest.mark.parametrize(
    ("dialect", "body"),
    [
        (openai_chat, {"choices": [{"message": {"content": None}, "finish_reason": "content_filter"}]}),
        (openai_chat, {"choices": [{"message": {"content": None, "refusal": "no"}}]}),
        (openai_completions, {"choices": [{"text": "", "finish_reason": "content_filter"}]}),
        (anthropic_messages, {"content": [], "stop_reason": "refusal"}),
    ],
)
def test_a_refusal_is_the_content_filter(dialect: Any, body: Any) -> None:
    with pytest.raises(ProviderError) as error:
        dialect.to_completion(body)
    assert (error.value.category, error.value.retryable) == ("content_filter", False)
