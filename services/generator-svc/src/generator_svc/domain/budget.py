"""What calls cost, and the limit a batch may set on it."""

from __future__ import annotations

from typing import Protocol

CHARACTERS_PER_TOKEN = 4
TYPICAL_OUTPUT_TOKENS = 256
"""Assumed before a call whose model has no max_tokens."""


class Prices(Protocol):
    """What tokens cost."""

    def cost_usd(self, provider: str, model: str, input_tokens: int, output_tokens: int) -> float | None:
        """USD; None where the price is not known, which is not the same as free."""
        ...


class Budget:
    """USD of one batch: spent, reserved by calls in flight, and the limit. Each replica counts for itself from a
    common start, so that a fleet may pass the limit by what its calls in flight cost.
    """

    def __init__(self, limit_usd: float) -> None:
        self._limit_usd = limit_usd
        self._reserved_usd = 0.0
        self._spent_usd = 0.0
        self.opened = False

    def open(self, spent_usd: float) -> None:
        """Continue from what earlier completions cost."""
        if not self.opened:
            self._spent_usd += spent_usd
            self.opened = True

    def reserve(self, estimate_usd: float) -> bool:
        """Set the estimate aside, or say that the limit would be passed."""
        if self._spent_usd + self._reserved_usd + estimate_usd > self._limit_usd:
            return False
        self._reserved_usd += estimate_usd
        return True

    def settle(self, estimate_usd: float, actual_usd: float) -> None:
        """Replace an estimate by what the call did cost."""
        self._reserved_usd -= estimate_usd
        self._spent_usd += actual_usd


def estimated_tokens(prompt: str, system: str | None, max_tokens: int | None) -> tuple[int, int]:
    """Input and output tokens that a call may use."""
    written = len(prompt) + len(system or "")
    return written // CHARACTERS_PER_TOKEN + 1, max_tokens or TYPICAL_OUTPUT_TOKENS
