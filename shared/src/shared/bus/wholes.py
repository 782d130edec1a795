"""Handles a record of several events in one go, where none of them has to wait for anything.

A claim, a coroutine, a message and a callback of its own cost an event more than an instant answer does. What cannot
be handled like that, or cannot be published, is handled event by event, as if they had come alone.
"""

from __future__ import annotations

import asyncio
from collections import Counter, deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from shared.bus.claims import Claim
from shared.bus.codec import Received
from shared.bus.flush import Errors
from shared.bus.settlement import Settlement
from shared.events import Event
from shared.telemetry import get_logger

AtOnce = Callable[[Received[Any]], Sequence[Event] | None]
"""From a group of events to all that follows from them; None: they have to be handled one by one."""

Shares = Callable[[Sequence[tuple[Claim, Received[Any]]]], None]
"""Takes the events of a record that are to be handled one by one."""

TURN = 1_000
"""Events between two turns of the event loop."""

Waiting = tuple[Claim, Received[Any]]


def nothing_at_once(received: Received[Any]) -> None:
    """For subscriptions whose events are always handled one by one."""


class Wholes:
    """Beside a runner: takes its records of several events, and gives back what cannot be handled whole: everything,
    where there is no `at_once`.
    """

    def __init__(self, settlement: Settlement, at_once: AtOnce | None, one_by_one: Shares) -> None:
        self._settlement = settlement
        self._at_once = at_once or nothing_at_once
        self._one_by_one = one_by_one
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[Waiting] = deque()
        self._posted: set[Claim] = set()

    def begin(self, claim: Claim, received: Received[Any]) -> None:
        """Queue the record; it holds a slot for each of its events."""
        if self._at_once is nothing_at_once:
            return self._one_by_one(claim.shared_out(received))
        claim.widen(len(received.event.parts))
        if not self._waiting:
            self._loop.call_soon(self._turn)
        self._waiting.append((claim, received))

    def cancel(self, unwanted: Callable[[Claim], bool]) -> None:
        """Give these claims up."""
        for claim in (*(claim for claim, _ in self._waiting), *self._posted):
            if unwanted(claim):
                claim.abandon()
                self._posted.discard(claim)
        self._waiting = deque(waiting for waiting in self._waiting if waiting[0].held)

    def _turn(self) -> None:
        """Handle some, and post what follows together."""
        events: list[Event] = []
        handled: list[Waiting] = []
        slots = 0
        while self._waiting and slots < TURN:
            claim, received = self._waiting.popleft()
            slots += claim.slots
            following = self._handled(received)
            if following is None:
                self._one_by_one(claim.shared_out(received))
            else:
                events += following
                handled.append((claim, received))
        if handled:
            self._post(handled, events)
        if self._waiting:
            self._loop.call_soon(self._turn)
        else:
            self._settlement.hurry()

    def _handled(self, received: Received[Any]) -> Sequence[Event] | None:
        try:
            return self._at_once(received)
        except Exception as error:
            # One by one, each event finds its own error.
            get_logger().warning("not_handled_at_once", topic=received.topic, error=type(error).__name__)
            return None

    def _post(self, handled: list[Waiting], events: Sequence[Event]) -> None:
        self._posted.update(claim for claim, _ in handled)
        try:
            self._settlement.post_together(events, partial(self._published, handled))
        except Exception:
            # An event that cannot be written: whose it is will be seen one by one.
            self._give_back(handled)

    def _published(self, handled: Sequence[Waiting], errors: Errors) -> None:
        if errors:
            return self._give_back(handled)
        counts = Counter[str]()
        for claim, received in handled:
            if claim in self._posted:
                self._posted.discard(claim)
                counts[received.topic] += claim.slots
                claim.done()
        for topic, count in counts.items():
            self._settlement.count_done(topic, count)

    def _give_back(self, handled: Sequence[Waiting]) -> None:
        """Not published, or not all of it: each event is handled again, and who reads twice keeps the first."""
        for claim, received in handled:
            if claim in self._posted:
                self._posted.discard(claim)
                self._one_by_one(claim.shared_out(received))
