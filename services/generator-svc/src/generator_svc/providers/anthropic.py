"""Anthropic Messages API (S2-01)."""

from __future__ import annotations

from typing import ClassVar

from generator_svc.dialects import anthropic_messages
from generator_svc.domain.provider import Access, Ask, Completion, Policy
from generator_svc.transport import Http, base_url

DEFAULT_URL = "https://api.anthropic.com"


class Anthropic:
    """Messages with an `x-api-key`."""

    name: ClassVar[str] = "anthropic"
    default_model: ClassVar[str] = "claude-haiku-4-5-20251001"
    operation: ClassVar[str] = "chat"
    policy: ClassVar[Policy] = Policy()

    def __init__(self, access: Access, http: Http) -> None:
        # The vendor's own tools take the address without the version, people paste it with the version.
        url = base_url(access.address, DEFAULT_URL).removesuffix("/v1") + "/v1" + anthropic_messages.PATH
        headers = {"x-api-key": access.api_key or "", "anthropic-version": anthropic_messages.VERSION}
        self._endpoint = http.endpoint(url, headers)

    @staticmethod
    def configured(access: Access) -> bool:
        """With a key."""
        return bool(access.api_key)

    async def complete(self, ask: Ask) -> Completion:
        """One call."""
        answer = await self._endpoint.post(anthropic_messages.to_request(ask), ask.timeout_s)
        return anthropic_messages.to_completion(answer)
