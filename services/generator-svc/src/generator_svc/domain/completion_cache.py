"""Completions that are paid for are kept, so that a crash repeats only the calls that were in flight."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256
from typing import NamedTuple, Protocol

import orjson

from generator_svc.domain.provider import Ask


class Stored(NamedTuple):
    """A completion in the cache."""

    key: str
    batch_id: str
    provider: str
    model: str
    answer: str
    input_tokens: int
    output_tokens: int
    cost_usd: float | None
    attempts: int


class CompletionCache(Protocol):
    """Where completions are kept."""

    async def find(self, keys: Sequence[str]) -> dict[str, Stored]:
        """Those that are there, by key."""
        ...

    async def keep(self, completion: Stored, *, alone: bool = False) -> None:
        """Returns when it is durable; where it is `alone` nothing else is on its way that could share the write."""
        ...

    async def spent_usd(self, batch_id: str) -> float:
        """What the kept completions of a batch cost."""
        ...


def cache_key(ask: Ask, provider: str, batch_id: str, index: int) -> str:
    """One record's question to one model. The record is part of it: equal prompts must not share an answer, or the
    variety of synthetic data dies.
    """
    asked = (provider, ask.model, ask.temperature, ask.max_tokens, ask.prompt, ask.system, batch_id, index)
    # A schema is part of the prompt as instructions already.
    return sha256(orjson.dumps(asked)).hexdigest()
