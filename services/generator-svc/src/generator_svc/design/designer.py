"""From a description to a schema map: the cache, else one call to a model, else the description's own words (S3)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any, Protocol

from shared.errors import Rejected

from generator_svc.design.answer import NoSchemaInAnswer, document_of
from generator_svc.design.builtin import design_from_words
from generator_svc.design.prompt import MOST_TOKENS, SYSTEM, prompt_for
from generator_svc.design.schema_map import SchemaMap, SchemaRefused, read_schema_map
from generator_svc.design.wording import LONGEST_DESCRIPTION
from generator_svc.domain.failures import ProviderError
from generator_svc.domain.provider import Ask, Provider
from generator_svc.domain.retry import RetryPolicy

BUILT_IN = "built-in"


@dataclass(frozen=True)
class Seat:
    """A model that may be asked."""

    provider: Provider
    model: str
    timeout_s: float

    @property
    def title(self) -> str:
        return f"{self.provider.name} {self.model}"


@dataclass(frozen=True)
class Designed:
    """A schema map, who designed it, and what a person should know about it."""

    schema: SchemaMap
    designer: str
    notes: tuple[str, ...] = ()
    cached: bool = False


class Designs(Protocol):
    """Schema maps that models designed, by the hash of their description (S3-17). Survives restarts (S3-18)."""

    async def find(self, key: str) -> dict[str, Any] | None: ...

    async def keep(self, key: str, schema: dict[str, Any]) -> dict[str, Any]:
        """Stores it unless there is one; the one that is there now."""
        ...


@dataclass(frozen=True)
class Designer:
    """Asks the models in order; the built-in designer stands in where there is none, or none that answers."""

    seats: Sequence[Seat]
    designs: Designs
    retry: RetryPolicy
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep

    async def design(self, description: str) -> Designed:
        """The schema map for a description. Raises `Rejected` where nothing can be made of it."""
        text = plain_description(description)
        key = key_of(text)
        stored = await self.designs.find(key)
        if stored is not None and (found := _usable(stored)) is not None:
            return Designed(found, "cache", cached=True)
        reasons: list[str] = []
        for seat in self.seats:
            asked = await self._ask(seat, text)
            if isinstance(asked, str):
                reasons.append(f"{seat.title}: {asked}")
                continue
            kept = await self.designs.keep(key, asked.as_map())
            return Designed(_usable(kept) or asked, seat.title, asked.repairs)
        return self._from_words(text, reasons)

    def _from_words(self, text: str, reasons: list[str]) -> Designed:
        design = design_from_words(text)
        why = "; ".join(reasons) if reasons else "no LLM provider is configured"
        return Designed(design.schema, BUILT_IN, (f"designed by the built-in designer ({why})", *design.notes))

    async def _ask(self, seat: Seat, text: str) -> SchemaMap | str:
        """What the model designed, or why there is nothing."""
        ask = Ask(seat.model, prompt_for(text), SYSTEM, 0.0, MOST_TOKENS, seat.timeout_s)
        failed = 0
        while True:
            try:
                completion = await seat.provider.complete(ask)
            except ProviderError as error:
                failed += 1
                if not error.retryable or failed >= self.retry.calls:
                    return error.reason
                await self.sleep(self.retry.wait_s(failed, error.retry_after_s))
                continue
            try:
                return read_schema_map(document_of(completion.answer), repair=True)
            except (NoSchemaInAnswer, SchemaRefused):
                return "its answer is no schema map"


class Forgetful:
    """Keeps nothing; for one-off designs."""

    async def find(self, key: str) -> dict[str, Any] | None:
        """Nothing."""
        return None

    async def keep(self, key: str, schema: dict[str, Any]) -> dict[str, Any]:
        """Gives it back."""
        return schema


def plain_description(description: str) -> str:
    """Without needless blanks. Raises `Rejected` where it is empty or far too long."""
    text = " ".join(description.split())
    if not text:
        raise Rejected("the description is empty; say what the rows are", category="validation")
    if len(text) > LONGEST_DESCRIPTION:
        raise Rejected(f"the description has more than {LONGEST_DESCRIPTION:,} characters", category="validation")
    return text


def key_of(description: str) -> str:
    """The hash that a description's schema map is stored under."""
    return sha256(" ".join(description.split()).casefold().encode()).hexdigest()


def _usable(stored: Any) -> SchemaMap | None:
    """A stored map may be of an older vocabulary, or edited by hand."""
    try:
        return read_schema_map(stored, repair=True)
    except SchemaRefused:
        return None
