"""LLM providers: an address and a policy around a dialect, one file each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from generator_svc.domain.provider import Access, Provider
from generator_svc.providers.anthropic import Anthropic
from generator_svc.providers.copilot import Copilot
from generator_svc.providers.gemini import Gemini
from generator_svc.providers.lmstudio import LMStudio
from generator_svc.providers.openai import OpenAI
from generator_svc.providers.scripted import Scripted
from generator_svc.transport import Http


class ProviderClass(Protocol):
    """What stands in the registry."""

    name: str
    default_model: str

    def __call__(self, access: Access, http: Http) -> Provider: ...

    @staticmethod
    def configured(access: Access) -> bool: ...


PROVIDERS: Mapping[str, ProviderClass] = {
    "anthropic": Anthropic,
    "openai": OpenAI,
    "lmstudio": LMStudio,
    "gemini": Gemini,
    "copilot": Copilot,
    "scripted": Scripted,
}
"""A new provider is one file and one line here. Where several are configured, this is their order (S2-26)."""

NEEDS_NOTHING = frozenset({"lmstudio", "scripted"})
"""Can be named by a batch without being configured: neither sends a key anywhere, nor leaves the machine by default."""
