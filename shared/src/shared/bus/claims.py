"""One record in flight, between the engine that owns its offset and the runner that works on it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, Protocol

from shared.bus.codec import Received, Record
from shared.bus.packing import Part
from shared.bus.tracker import PartitionTracker
from shared.telemetry import UNSAMPLED


class ClaimOwner(Protocol):
    """The engine, as far as a claim speaks to it."""

    def give_back(self, claim: Claim) -> None: ...
    def widen(self, claim: Claim, slots: int) -> None: ...
    def park(self, claim: Claim, key: object, timeout_s: float | None) -> None: ...
    def halt(self, error: BaseException) -> None: ...


class Claim:
    """One record that a runner works on. Whatever ends it first counts; a second end changes nothing."""

    __slots__ = ("_owner", "_whole", "expired", "held", "received", "record", "slots", "timer", "tracker",
                 "unfinished")  # fmt: skip

    def __init__(
        self,
        owner: ClaimOwner,
        record: Record,
        tracker: PartitionTracker,
        *,
        received: Received[Any] | None = None,
        whole: Claim | None = None,
    ) -> None:
        self._owner = owner
        self._whole = whole
        self.record = record
        self.tracker = tracker
        self.received = received
        """What is in the record, where that is known already: for an event that came with others."""
        self.unfinished = 1
        """Events of the record that are not finished."""
        self.held = False
        """A runner has it right now."""
        self.slots = 1
        """So many events it counts as while it is held."""
        self.expired = False
        """It was parked for longer than its handler allowed."""
        self.timer: asyncio.TimerHandle | None = None

    def done(self) -> None:
        """The record has its result, acknowledged by Kafka where it had to be published."""
        if self.held:
            whole = self._whole or self
            whole.unfinished -= 1
            if not whole.unfinished:
                self.tracker.complete(whole.record.offset)
            self._owner.give_back(self)

    def widen(self, events: int) -> None:
        """The record carries so many events: a full engine takes nothing more until they are done."""
        self._owner.widen(self, events)

    def shared_out(self, received: Received[Any]) -> list[tuple[Claim, Received[Any]]]:
        """A claim for each event of a record that carries several; the record is done when all of them are."""
        parts, record = received.event.parts, self.record
        self.widen(len(parts))
        self.held = False
        self.unfinished = len(parts)
        _, headers, topic, partition, offset, attempt, _ = received
        shares = []
        for part in parts:
            # They travel together because nobody keeps their traces.
            one = Received(part, headers, topic, partition, offset, attempt, UNSAMPLED)
            share = Claim(self._owner, Part(record, part), self.tracker, received=one, whole=self)
            share.held = True
            shares.append((share, one))
        return shares

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
