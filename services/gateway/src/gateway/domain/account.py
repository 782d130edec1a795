"""The totals of one batch: what its chunks add up to, what it cost, where it is in its life."""

from __future__ import annotations

from dataclasses import dataclass, field

from shared.events import RecordSettled

from gateway.domain.chunk import STATES
from gateway.domain.progress import Point, observed
from gateway.domain.states import FINAL, Stage, Standing

MAX_RECORDS = 1_000_000_000
"""Beyond any batch; an index above it is a mistake of its producer and is ignored."""


@dataclass
class Account:
    """One batch while its transaction runs. All times in seconds since 1970."""

    batch_id: str
    known: bool = False
    """False while only verdicts have come: the command that describes the batch is still on its way."""
    stage: Stage = "accepted"
    paused: bool = False
    """By a person."""
    held: bool = False
    """By the writer, until it can go on or a person resumes the batch."""
    cancelling: bool = False
    requested: int | None = None
    epoch: int = 0
    totals: dict[str, int] = field(default_factory=lambda: dict.fromkeys((*STATES, "fallback"), 0))
    input_tokens: int = 0
    output_tokens: int = 0
    cost_usd: float = 0.0
    priced: int = 0
    unpriced: int = 0
    reason: str | None = None
    traceparent: str | None = None
    created_at: float = 0.0
    started_at: float | None = None
    finished_at: float | None = None
    history: list[Point] = field(default_factory=list)

    def settled(self) -> int:
        """Records that have a verdict."""
        return sum(self.totals[state] for state in STATES)

    def counts(self) -> dict[str, int]:
        """Records by state; they add up to `requested` from the moment it is known."""
        pending = 0 if self.requested is None else self.requested - self.settled()
        return {"pending": pending} | {state: self.totals[state] for state in STATES}

    def cost(self) -> float | None:
        """What the answers cost; None where one of them has no known price, for part of a sum is no sum."""
        return None if self.unpriced or not self.priced else self.cost_usd

    def standing(self) -> Standing:
        """What decides about orders and the end."""
        return Standing(
            self.stage, self.paused or self.held, self.cancelling, self.requested, self.settled(), self.totals["failed"]
        )

    def count(self, before: dict[str, int], after: dict[str, int]) -> None:
        """Carry over how one chunk changed."""
        for name, value in after.items():
            self.totals[name] += value - before[name]

    def spend(self, verdict: RecordSettled) -> None:
        """Add tokens and cost of a verdict that was taken."""
        self.input_tokens += verdict.usage.input_tokens
        self.output_tokens += verdict.usage.output_tokens
        if verdict.cost_usd is not None:
            self.cost_usd += verdict.cost_usd
            self.priced += 1
        elif verdict.source == "llm" or verdict.usage.input_tokens:
            self.unpriced += 1

    def begin(self, now: float) -> None:
        """The batch was consumed from the bus; its planning is under way."""
        if self.stage == "accepted":
            self.stage = "planning"
            self.started_at = self.started_at or now

    def plan(self, requested: int, now: float) -> bool:
        """The size of the batch is known; False if it was known already (the first answer counts)."""
        if self.requested is not None or self.stage in FINAL or requested > MAX_RECORDS:
            return False
        self.requested = requested
        self.stage = "running"
        self.started_at = self.started_at or now
        return True

    def refuse(self, reason: str, now: float) -> bool:
        """The batch cannot run as described; False if it is running already."""
        if self.requested is not None or self.stage in FINAL:
            return False
        self.stage, self.reason, self.finished_at = "failed", reason, now
        return True

    def hold(self, reason: str | None, *, by_writer: bool) -> None:
        """Start no further calls; with the writer's reason, which a person's pause does not hide."""
        if self.stage in FINAL:
            return
        if by_writer:
            self.held, self.reason = True, reason
        else:
            self.paused, self.reason = True, self.reason if self.held else reason

    def go_on(self, *, by_writer: bool) -> None:
        """Whatever held it is put right. The writer ends its own pause only, a person every one."""
        if self.stage in FINAL or self.cancelling:
            return
        self.paused = self.paused and by_writer
        self.held, self.reason = False, None

    def cancel(self, reason: str | None) -> None:
        """What has no verdict yet gets none but `cancelled`."""
        if self.stage not in FINAL:
            self.cancelling, self.reason = True, reason or self.reason

    def reopen(self) -> int:
        """Failed records run again: a new epoch, and the batch is under way once more."""
        self.epoch += 1
        self.stage, self.finished_at = "running", None
        self.history = []
        return self.epoch

    def move(self, now: float) -> None:
        """Note how far the batch is, for its rate."""
        self.history = observed(self.history, now, self.settled())

    def finish(self, now: float) -> bool:
        """End the batch if its last record is in; True if that happened now."""
        final = self.standing().finished()
        if final is None:
            return False
        self.stage, self.finished_at, self.paused, self.held = final, now, False, False
        return True
