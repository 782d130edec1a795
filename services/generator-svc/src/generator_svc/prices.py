"""Token prices from genai-prices, an offline table of public list prices."""

from __future__ import annotations

from functools import lru_cache

from genai_prices import Usage, calc_price

VENDORS = {"openai": "openai", "anthropic": "anthropic", "gemini": "google", "copilot": "azure"}
"""Our providers by their name in the price table. A local or scripted model has no price, which is not a price of 0."""

_SAMPLE = 1_000
"""Tokens priced to learn the price of one: below every table's step for long contexts."""


class ListPrices:
    """USD by list price; asked once per model, for a look-up takes 70 µs."""

    def __init__(self) -> None:
        # The table is read at its first use, which takes 0.4 s: now, rather than during a call.
        _per_token("openai", "gpt-4o-mini")

    def cost_usd(self, provider: str, model: str, input_tokens: int, output_tokens: int) -> float | None:
        """None where the model is not in the table."""
        per_token = _per_token(provider, model)
        if per_token is None:
            return None
        return round(input_tokens * per_token[0] + output_tokens * per_token[1], 9)


@lru_cache(maxsize=1_000)
def _per_token(provider: str, model: str) -> tuple[float, float] | None:
    vendor = VENDORS.get(provider)
    if vendor is None:
        return None
    try:
        given = calc_price(Usage(input_tokens=_SAMPLE), model_ref=model, provider_id=vendor)
        made = calc_price(Usage(output_tokens=_SAMPLE), model_ref=model, provider_id=vendor)
    except LookupError:
        return None
    return float(given.total_price) / _SAMPLE, float(made.total_price) / _SAMPLE
