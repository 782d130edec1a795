"""Where a batch stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shared.errors import RecordsmithError

Phase = Literal["planning", "ready", "refused", "finished"]
Wanted = Literal["running", "paused", "cancelled"]


class LeaseLost(RecordsmithError):
    """Another replica has this batch now: whatever was under way here must not be stored."""

    def __init__(self, batch_id: str) -> None:
        super().__init__(f"the lease of batch {batch_id} was lost")


@dataclass(frozen=True, slots=True)
class Share:
    """Records that are to be expanded under one epoch; `cursor` of `total` are. An epoch may have several shares."""

    epoch: int
    first: int
    """Index of its first record: with the epoch, its name."""
    cursor: int
    total: int


@dataclass(frozen=True, slots=True)
class Standing:
    """A batch without its specification: what the loop looks at before each step."""

    batch_id: str
    fence: int
    phase: Phase
    wanted: Wanted
    announced: str | None
    """The state that workers were told last."""
    reason: str | None
    requested: int
    settled: int
    staged: int
    """Without a verdict, but kept by the writer for a large write: they keep nobody busy."""
    shares: tuple[Share, ...]
    """Unfinished ones, oldest epoch first."""

    @property
    def state(self) -> str:
        """What workers should know: running, paused, cancelled or finished; or that the batch was refused."""
        return self.wanted if self.phase == "ready" else self.phase

    @property
    def unexpanded(self) -> int:
        """Records that no prompt and no verdict was published for."""
        return sum(share.total - share.cursor for share in self.shares)

    @property
    def handled(self) -> int:
        """Records that are out of the workers' hands."""
        return self.settled + self.staged

    def room(self, window: int) -> int:
        """How many more records may be expanded.

        Every pending record is either unexpanded or in flight, in any epoch: so no count by epoch is needed.
        """
        in_flight = self.requested - self.handled - self.unexpanded
        return max(0, window - max(0, in_flight))
