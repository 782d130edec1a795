"""How uploads of one dataset are spread over the day: Salesforce loads 50 in 24 hours and refuses the next."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

DAY_S = 86_400.0


@dataclass(frozen=True, slots=True)
class UploadBudget:
    """A part of the day's uploads may go at once; the others are spread evenly, so that a day is never used up."""

    a_day: int = 48
    """Below the 50 of CRM Analytics: a person may want to upload something, too."""
    at_once: int = 24

    @property
    def interval_s(self) -> float:
        """Between two uploads once those that may go at once are used."""
        return DAY_S / max(1, self.a_day - self.at_once)

    def is_ample(self, begun: Sequence[float], now: float) -> bool:
        """Whether the next upload need not be shared by all batches that wait."""
        return len(_recent(begun, now)) < min(self.at_once, self.a_day)

    def next_at(self, begun: Sequence[float], now: float) -> float:
        """When the next upload may begin, given the times of earlier ones (any order); `now` at the earliest.

        In no 24 hours are there more than `a_day`.
        """
        recent = _recent(begun, now)
        if len(recent) < min(self.at_once, self.a_day):
            return now
        spread = recent[-1] + self.interval_s if recent else now
        left = recent[-self.a_day] + DAY_S if len(recent) >= self.a_day else now
        return max(now, spread, left)

    def left(self, begun: Sequence[float], now: float) -> int:
        """Uploads that are left of the last 24 hours' budget."""
        return max(0, self.a_day - len(_recent(begun, now)))


def _recent(begun: Sequence[float], now: float) -> list[float]:
    return sorted(moment for moment in begun if moment > now - DAY_S)
