"""What every provider does, against a real server on loopback. A new provider is in here by being registered."""

from __future__ import annotations

from typing import Any

import pytest
from generator_svc.domain.failures import ProviderError
from generator_svc.domain.provider import Access, Ask
from generator_svc.providers import NEEDS_NOTHING, PROVIDERS
from generator_svc.transport import Http

OVER_HTTP = [name for name in PROVIDERS if name != "scripted"]
ASK = Ask("m", "Describe Secret Name", timeout_s=5.0)


@pytest.fixture
async def new_provider(llm: Any) -> Any:
    http = Http()
    yield lambda name: PROVIDERS[name](Access("a-key", f"{llm.url}/v1"), http)
    await http.close()


@pytest.mark.parametrize("name", PROVIDERS)
async def test_it_answers_with_text_and_usage(new_provider: Any, name: str) -> None:
    completion = await new_provider(name).complete(ASK._replace(model=PROVIDERS[name].default_model))
    assert completion.answer
    assert completion.input_tokens > 0
    assert completion.output_tokens > 0


@pytest.mark.parametrize("name", OVER_HTTP)
async def test_it_sends_its_key_the_model_and_the_prompt_alone(new_provider: Any, llm: Any, name: str) -> None:
    await new_provider(name).complete(ASK)
    ((path, headers, body),) = llm.requests
    sent = {key.lower(): value for key, value in headers.items()}
    assert (
        "a-key" in (sent.get("authorization", ""), sent.get("x-api-key", "")) or sent["authorization"] == "Bearer a-key"
    )
    assert path.startswith("/v1/")
    assert body["model"] == "m"
    assert (body["messages"][0]["content"] if "messages" in body else body["prompt"]) == "Describe Secret Name"


@pytest.mark.parametrize("name", OVER_HTTP)
@pytest.mark.parametrize(
    ("status", "category", "retryable"),
    [(400, "model_error", False), (401, "auth", False), (403, "auth", False), (404, "model_error", False),
     (429, "rate_limit", True), (500, "model_error", True), (503, "model_error", True), (529, "rate_limit", True)],
)  # fmt: skip
async def test_a_status_is_an_error_of_its_category_without_the_servers_text(
    new_provider: Any, llm: Any, name: str, status: int, category: str, retryable: bool
) -> None:
    llm.says(status, {"error": {"message": "The server had an error on: Secret Name", "type": "server_error"}})
    with pytest.raises(ProviderError) as raised:
        await new_provider(name).complete(ASK)
    assert (raised.value.category, raised.value.retryable) == (category, retryable)
    assert "Secret" not in raised.value.reason
    assert raised.value.__cause__ is None


@pytest.mark.parametrize("name", OVER_HTTP)
async def test_retry_after_is_kept(new_provider: Any, llm: Any, name: str) -> None:
    llm.says(429, {}, retry_after="3")
    with pytest.raises(ProviderError) as raised:
        await new_provider(name).complete(ASK)
    assert raised.value.retry_after_s == 3.0


@pytest.mark.parametrize("name", OVER_HTTP)
async def test_a_hanging_server_ends_as_timeout(new_provider: Any, llm: Any, name: str) -> None:
    llm.delay_s = 0.5
    with pytest.raises(ProviderError) as raised:
        await new_provider(name).complete(ASK._replace(timeout_s=0.05))
    assert raised.value.category == "timeout"


@pytest.mark.parametrize("name", OVER_HTTP)
async def test_a_dropped_connection_is_the_network(new_provider: Any, llm: Any, name: str) -> None:
    llm.drop = True
    with pytest.raises(ProviderError) as raised:
        await new_provider(name).complete(ASK)
    assert (raised.value.category, raised.value.retryable) == ("network", True)


@pytest.mark.parametrize("name", OVER_HTTP)
@pytest.mark.parametrize("body", [b'{"id": "x", "choices": [{"mess', b"", b"[]", b"\xff"])
async def test_a_malformed_answer_is_repeated(new_provider: Any, llm: Any, name: str, body: bytes) -> None:
    llm.says(200, body)
    with pytest.raises(ProviderError) as raised:
        await new_provider(name).complete(ASK)
    assert (raised.value.category, raised.value.retryable) == ("model_error", True)


@pytest.mark.parametrize("name", OVER_HTTP)
async def test_a_redirect_is_not_followed(new_provider: Any, llm: Any, name: str) -> None:
    llm.says(302, {}, location=f"{llm.url}/elsewhere")
    with pytest.raises(ProviderError):
        await new_provider(name).complete(ASK)
    assert len(llm.requests) == 1


@pytest.mark.parametrize("name", PROVIDERS)
def test_it_is_not_configured_by_an_empty_environment(name: str) -> None:
    assert not PROVIDERS[name].configured(Access())


def test_only_what_sends_no_key_works_unconfigured() -> None:
    assert {"lmstudio", "scripted"} == NEEDS_NOTHING


@pytest.mark.parametrize(
    ("ending", "schema", "path"),
    [
        ("/v1/completions", None, "/v1/completions"),
        ("/v1/completions", {"type": "object"}, "/v1/completions"),
        ("/v1/chat/completions", None, "/v1/chat/completions"),
        ("/v1", None, "/v1/completions"),
        ("/v1/", {"type": "object"}, "/v1/chat/completions"),
    ],
)
async def test_the_address_of_lm_studio_may_end_in_three_ways(llm: Any, ending: str, schema: Any, path: str) -> None:
    http = Http()
    await PROVIDERS["lmstudio"](Access(None, llm.url + ending), http).complete(ASK._replace(schema=schema))
    assert llm.requests[0][0] == path
    await http.close()
