"""What has been spent on a record so far: calls by model, tokens, money."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from shared.errors import Category
from shared.events.records import Answered as Source

from generator_svc.domain.provider import Completion


@dataclass(slots=True)
class Tally:
    """Survives a pause in memory, so that the bound on calls holds across it."""

    attempts: int = 0
    by_provider: dict[str, int] = field(default_factory=dict)
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float | None = None

    @classmethod
    def of_one(cls, provider: str, completion: Completion, cost_usd: float | None) -> Tally:
        """A single call, answered."""
        return cls(1, {provider: 1}, completion.input_tokens, completion.output_tokens, cost_usd)

    def count(self, provider: str) -> None:
        """A call starts. The bound is per provider and record, also where a chain names two models of a provider."""
        self.attempts += 1
        self.by_provider[provider] = self.by_provider.get(provider, 0) + 1

    def add(self, completion: Completion, cost_usd: float | None) -> None:
        """A call was answered, and paid for even if the answer is of no use."""
        self.input_tokens += completion.input_tokens
        self.output_tokens += completion.output_tokens
        if cost_usd is not None:
            self.cost_usd = (self.cost_usd or 0.0) + cost_usd


class Answer(NamedTuple):
    """A record's answer and where it is from."""

    text: str
    values: dict[str, Any] | None
    source: Source
    provider: str | None
    model: str | None
    tally: Tally
    category: Category | None = None
    reason: str | None = None


class NoAnswer(Exception):
    """No model of the chain gave a valid answer. `reason` has no record contents."""

    def __init__(
        self, category: Category, reason: str, tally: Tally, *, provider: str | None = None, model: str | None = None
    ) -> None:
        super().__init__(reason)
        self.category: Category = category
        self.reason = reason
        self.tally = tally
        self.provider = provider
        self.model = model


class Interrupted(Exception):
    """The batch stopped running before the record had its answer."""
