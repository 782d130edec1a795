"""A local LM Studio (S0-36, S0-37)."""

from __future__ import annotations

from typing import ClassVar

from generator_svc.dialects import openai_chat, openai_completions
from generator_svc.domain.provider import Access, Ask, Completion, Policy
from generator_svc.transport import Http, base_url

DEFAULT_URL = "http://localhost:1234/v1/completions"


class LMStudio:
    """Text completions or chat, as the address ends. With a bare `/v1`: chat where there is a response schema, because
    LM Studio documents structured output for chat only, and completions else.
    """

    name: ClassVar[str] = "lmstudio"
    default_model: ClassVar[str] = "local-model"
    operation: ClassVar[str] = "text_completion"
    policy: ClassVar[Policy] = Policy(start_concurrency=4, steered_by_latency=True)

    def __init__(self, access: Access, http: Http) -> None:
        url = base_url(access.address, DEFAULT_URL)
        headers = {"authorization": f"Bearer {access.api_key}"} if access.api_key else {}
        self._chat_always = url.endswith(openai_chat.PATH)
        self._text_always = not self._chat_always and url.endswith(openai_completions.PATH)
        root = url.removesuffix(openai_chat.PATH).removesuffix(openai_completions.PATH)
        self._chat = http.endpoint(root + openai_chat.PATH, headers)
        self._text = http.endpoint(root + openai_completions.PATH, headers)

    @staticmethod
    def configured(access: Access) -> bool:
        """With an address; a batch may name it without one, and gets the default."""
        return bool(access.address)

    async def complete(self, ask: Ask) -> Completion:
        """One call."""
        if self._chat_always or (ask.schema is not None and not self._text_always):
            return openai_chat.to_completion(await self._chat.post(openai_chat.to_request(ask), ask.timeout_s))
        answer = await self._text.post(openai_completions.to_request(ask), ask.timeout_s)
        return openai_completions.to_completion(answer)
