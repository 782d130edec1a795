"""What a provider is to the chain: somebody who completes a prompt, under a policy of its own.

Values made for every record are named tuples here: a frozen dataclass takes three times as long to make.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple, Protocol, runtime_checkable


@dataclass(frozen=True, slots=True)
class Turn:
    """An answer that was not accepted, and what was said about it."""

    answer: str
    complaint: str


class Ask(NamedTuple):
    """One call: everything a dialect translates. Times in seconds."""

    model: str
    prompt: str
    system: str | None = None
    temperature: float | None = None
    max_tokens: int | None = None
    timeout_s: float = 10.0
    schema: Mapping[str, Any] | None = None
    """Response schema for the provider's own structured mode; what is validated locally is not decided here."""
    turns: tuple[Turn, ...] = ()

    def again(self, answer: str, complaint: str) -> Ask:
        """The same question after an answer that was not accepted."""
        return self._replace(turns=(*self.turns, Turn(answer, complaint)))

    def without_schema(self) -> Ask:
        """For models that refuse a structured mode: the instructions in the prompt remain."""
        return self._replace(schema=None)


class Completion(NamedTuple):
    """What came back, as it came."""

    answer: str
    input_tokens: int = 0
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class Access:
    """Key and address of a provider. Only configuration supplies them, never a batch."""

    api_key: str | None = None
    address: str | None = None


@dataclass(frozen=True, slots=True)
class Policy:
    """How a provider wants to be treated."""

    start_concurrency: int | None = None
    """Calls at a time to begin with; None: as many as the configuration allows."""
    steered_by_latency: bool = False
    """It queues instead of answering 429, so that only its latency tells when it has enough."""
    cached: bool = True
    """Its completions cost something and are worth storing."""


class Provider(Protocol):
    """An address and a policy around a dialect."""

    name: ClassVar[str]
    default_model: ClassVar[str]
    operation: ClassVar[str]
    """`gen_ai.operation.name`: chat or text_completion."""
    policy: ClassVar[Policy]

    @staticmethod
    def configured(access: Access) -> bool:
        """Whether the environment says enough to ask it without being named by a batch."""
        ...

    async def complete(self, ask: Ask) -> Completion:
        """One call, no retries. Raises `ProviderError` and nothing else that a provider can cause."""
        ...


@runtime_checkable
class Instant(Protocol):
    """A provider that may have an answer without waiting for anything."""

    def at_once(self, ask: Ask) -> Completion | None:
        """The completion; None where it has to be awaited. Raises `ProviderError`."""
        ...
