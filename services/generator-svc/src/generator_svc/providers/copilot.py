"""Microsoft Copilot or any other OpenAI-compatible endpoint with a key (S1-40)."""

from __future__ import annotations

from typing import ClassVar
from urllib.parse import urlsplit

from shared.errors import Fatal

from generator_svc.dialects import openai_chat
from generator_svc.domain.provider import Access, Ask, Completion, Policy
from generator_svc.transport import Http, base_url

_LOOPBACK = ("127.0.0.1", "localhost", "::1")


class Copilot:
    """Chat completions with a bearer key, over HTTPS; plain HTTP only to this machine."""

    name: ClassVar[str] = "copilot"
    default_model: ClassVar[str] = "gpt-4o-mini"
    operation: ClassVar[str] = "chat"
    policy: ClassVar[Policy] = Policy()

    def __init__(self, access: Access, http: Http) -> None:
        url = base_url(access.address, "")
        if url.startswith("http://") and urlsplit(url).hostname not in _LOOPBACK:
            raise Fatal("COPILOT_BASE_URL must start with https://", category="auth")
        self._endpoint = http.endpoint(url + openai_chat.PATH, {"authorization": f"Bearer {access.api_key}"})

    @staticmethod
    def configured(access: Access) -> bool:
        """With a key and an address: there is no default one."""
        return bool(access.api_key and access.address)

    async def complete(self, ask: Ask) -> Completion:
        """One call."""
        return openai_chat.to_completion(await self._endpoint.post(openai_chat.to_request(ask), ask.timeout_s))
