"""The life of a batch: accepted, planning, running, (paused), then completed, cancelled or failed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Stage = Literal["accepted", "planning", "running", "completed", "cancelled", "failed"]
"""What is stored. `paused` is shown instead of the stage while somebody holds the batch."""

BatchState = Literal["accepted", "planning", "running", "paused", "completed", "cancelled", "failed"]
FINAL = ("completed", "cancelled", "failed")
Order = Literal["pause", "resume", "cancel", "retry"]


@dataclass(frozen=True)
class Standing:
    """Where a batch is: its stage, what people asked of it, and how many records are in."""

    stage: Stage
    paused: bool
    cancelling: bool
    requested: int | None
    settled: int
    failed: int

    def shown(self) -> BatchState:
        """The state that people see. A batch that drains after `cancel` is still running."""
        held = self.paused and not self.cancelling and self.stage not in FINAL
        return "paused" if held else self.stage

    def finished(self) -> Stage | None:
        """The final stage, if every record has its verdict and the batch has not ended yet."""
        if self.stage in FINAL or self.requested is None or self.settled < self.requested:
            return None
        return "cancelled" if self.cancelling else "completed"

    def objection(self, order: Order) -> str | None:
        """Why an order makes no sense now; None if it does."""
        shown = self.shown()
        if order == "retry":
            return self._objection_to_retry()
        if shown in FINAL:
            return f"The batch is {shown}: there is nothing left to {order}."
        if order == "resume" and shown != "paused":
            return f"The batch is {shown}, not paused."
        if order == "pause" and self.cancelling:
            return "The batch is being cancelled."
        return None

    def _objection_to_retry(self) -> str | None:
        if self.cancelling or self.stage in ("cancelled", "failed"):
            return f"The batch is {'being cancelled' if self.stage not in FINAL else self.stage}: submit a new one."
        if not self.failed:
            return "No record of the batch has failed: there is nothing to retry."
        return None
