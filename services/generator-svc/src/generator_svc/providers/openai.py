"""OpenAI, or what `OPENAI_BASE_URL` names."""

from __future__ import annotations

from typing import ClassVar

from generator_svc.dialects import openai_chat
from generator_svc.domain.provider import Access, Ask, Completion, Policy
from generator_svc.transport import Http, base_url

DEFAULT_URL = "https://api.openai.com/v1"


class OpenAI:
    """Chat completions with a bearer key."""

    name: ClassVar[str] = "openai"
    default_model: ClassVar[str] = "gpt-4o-mini"
    operation: ClassVar[str] = "chat"
    policy: ClassVar[Policy] = Policy()

    def __init__(self, access: Access, http: Http) -> None:
        url = base_url(access.address, DEFAULT_URL) + openai_chat.PATH
        self._endpoint = http.endpoint(url, {"authorization": f"Bearer {access.api_key}"})

    @staticmethod
    def configured(access: Access) -> bool:
        """With a key."""
        return bool(access.api_key)

    async def complete(self, ask: Ask) -> Completion:
        """One call."""
        return openai_chat.to_completion(await self._endpoint.post(openai_chat.to_request(ask), ask.timeout_s))
