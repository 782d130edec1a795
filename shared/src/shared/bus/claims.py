"""One record in flight, between the engine that owns its offset and the runner that works on it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Protocol

from shared.bus.codec import Record
from shared.bus.tracker import PartitionTracker


class ClaimOwner(Protocol):
    """The engine, as far as a claim speaks to it."""

    def give_back(self, claim: Claim) -> None: ...
    def park(self, claim: Claim, key: object, timeout_s: float | None) -> None: ...
    def halt(self, error: BaseException) -> None: ...


class Claim:
    """One record that a runner works on. Whatever ends it first counts; a second end changes nothing."""

    __slots__ = ("_owner", "expired", "held", "record", "timer", "tracker")

    def __init__(self, owner: ClaimOwner, record: Record, tracker: PartitionTracker) -> None:
        self._owner = owner
        self.record = record
        self.tracker = tracker
        self.held = False
        """A runner has it right now."""
        self.expired = False
        """It was parked for longer than its handler allowed."""
        self.timer: asyncio.TimerHandle | None = None

    def done(self) -> None:
        """The record has its result, acknowledged by Kafka where it had to be published."""
        if self.held:
            self.tracker.complete(self.record.offset)
            self._owner.give_back(self)

    def park(self, key: object, timeout_s: float | None) -> None:
        """The record waits in memory, without a slot, until `key` is released."""
        if self.held:
            self._owner.park(self, key, timeout_s)
            self._owner.give_back(self)

    def abandon(self) -> None:
        """The record stays unfinished and is delivered again to whoever has the partition then."""
        if self.held:
            self._owner.give_back(self)

    def halt(self, error: BaseException) -> None:
        """Nothing of this subscription can be handled any more."""
        self._owner.halt(error)
        self.abandon()


async def end_with(claim: Claim, settling: Awaitable[None]) -> None:
    """The claim is done when its record is settled."""
    try:
        await settling
    except asyncio.CancelledError:
        claim.abandon()
    except Exception as error:
        # Not even a failure could be told: the bus itself is broken, and nothing may be skipped.
        claim.halt(error)
    else:
        claim.done()
