"""What the environment says."""

from __future__ import annotations

import pytest
from generator_svc.configured import access_of, default_chain
from generator_svc.domain.provider import Access
from generator_svc.providers import PROVIDERS
from generator_svc.settings import AISettings, ProviderSettings
from shared.errors import Fatal

NAMES = ("API_KEY", "BASE_URL", "URL")


@pytest.fixture(autouse=True)
def _empty_environment(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> None:
    monkeypatch.chdir(tmp_path_factory.mktemp("nothing"))
    for provider in PROVIDERS:
        for name in NAMES:
            monkeypatch.delenv(f"{provider.upper()}_{name}", raising=False)
    for name in ("PROVIDER", "MODEL", "ENABLED", "TIMEOUT_MS", "MAX_RETRIES", "MAX_CONCURRENCY"):
        monkeypatch.delenv(f"AI_{name}", raising=False)


def chain() -> list[tuple[str, str]]:
    access = {name: access_of(ProviderSettings.of(name)) for name in PROVIDERS}
    return [(spec.provider, spec.model) for spec in default_chain(AISettings(), access)]


@pytest.mark.parametrize(
    ("variables", "provider", "access"),
    [
        ({"OPENAI_API_KEY": "k", "OPENAI_BASE_URL": "http://x/v1"}, "openai", Access("k", "http://x/v1")),
        ({"ANTHROPIC_API_KEY": "k"}, "anthropic", Access("k", None)),
        ({"LMSTUDIO_URL": "http://x/v1/completions"}, "lmstudio", Access(None, "http://x/v1/completions")),
        ({"GEMINI_API_KEY": "k"}, "gemini", Access("k", None)),
        ({"COPILOT_API_KEY": "k", "COPILOT_BASE_URL": "https://x"}, "copilot", Access("k", "https://x")),
        ({"OPENAI_API_KEY": ""}, "openai", Access(None, None)),
    ],
)
def test_keys_and_addresses_come_from_their_variables(
    monkeypatch: pytest.MonkeyPatch, variables: dict[str, str], provider: str, access: Access
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert access_of(ProviderSettings.of(provider)) == access


def test_without_anything_there_is_no_chain() -> None:
    assert chain() == []


def test_with_several_keys_anthropic_is_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "k")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    assert chain() == [("anthropic", "claude-haiku-4-5-20251001"), ("openai", "gpt-4o-mini")]


def test_a_named_provider_is_the_one_that_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ANTHROPIC_API_KEY", "k")
    monkeypatch.setenv("AI_PROVIDER", "openai, lmstudio")
    monkeypatch.setenv("AI_MODEL", "gpt-4")
    assert chain() == [("openai", "gpt-4"), ("lmstudio", "local-model")]


def test_an_unknown_provider_is_a_wrong_configuration(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AI_PROVIDER", "chatty")
    with pytest.raises(Fatal, match="chatty"):
        chain()


def test_a_key_shows_in_no_text() -> None:
    assert "sk-secret" not in repr(ProviderSettings(api_key="sk-secret"))
