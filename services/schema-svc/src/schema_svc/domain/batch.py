"""Where a batch stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from shared.errors import RecordsmithError

Phase = Literal["planning", "ready", "refused", "finished"]
Order = Literal["pause", "resume", "cancel"]
Wanted = Literal["running", "paused", "held", "paused and held", "cancelled"]
"""paused: by a person. held: by the writer, which resumes it when it can; neither ends the other's pause."""

_BY_PEOPLE: dict[Order, dict[Wanted, Wanted]] = {
    "pause": {"running": "paused", "held": "paused and held"},
    "resume": {"paused": "running", "held": "running", "paused and held": "running"},
    "cancel": dict.fromkeys(("running", "paused", "held", "paused and held"), "cancelled"),
}
_BY_WRITER: dict[Order, dict[Wanted, Wanted]] = {
    "pause": {"running": "held", "paused": "paused and held"},
    "resume": {"held": "running", "paused and held": "paused"},
    "cancel": _BY_PEOPLE["cancel"],
}


def after(order: Order, *, by_writer: bool) -> dict[Wanted, Wanted]:
    """What an order makes of what was wanted before; what is not named stays. A cancelled batch stays cancelled."""
    return (_BY_WRITER if by_writer else _BY_PEOPLE)[order]


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
        if self.phase != "ready":
            return self.phase
        return self.wanted if self.wanted in ("running", "cancelled") else "paused"

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
