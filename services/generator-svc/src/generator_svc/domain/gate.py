"""Admission to one (provider, model): its limit, its breaker, its cooldown, and who waits before it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from math import ceil
from typing import Literal, NamedTuple

from generator_svc.domain.aimd import AimdLimit
from generator_svc.domain.breaker import Breaker
from generator_svc.domain.clock import Alarm, Clock
from generator_svc.domain.failures import ProviderError
from generator_svc.domain.queueing import FairQueue

Lane = Literal["interactive", "bulk"]
LANES: tuple[Lane, Lane] = ("interactive", "bulk")

RESERVED = 0.25
"""Share of the slots that the other lane leaves free for a lane that has work."""

RESERVED_FOR_S = 5.0
"""So long after its last prompt the interactive lane keeps its share: people press the button again."""

COOLDOWN_S = 1.0
"""After a 429 that does not say how long to wait (S2-59)."""


class Dismissed(Exception):
    """The batch was paused or cancelled while its prompt waited."""


class Unavailable(Exception):
    """The breaker is open and this prompt does not wait for it."""


class _Waiter(NamedTuple):
    admitted: asyncio.Future[None]
    patient: bool


class Gate:
    """Every call to a model passes here; `enter` before it, `leave` right after it."""

    def __init__(
        self, limit: AimdLimit, breaker: Breaker, clock: Clock, *, changed: Callable[[int], None] = lambda _: None
    ) -> None:
        self._limit = limit
        self._breaker = breaker
        self._clock = clock
        self._changed = changed
        self._held_until = float("-inf")
        self._interactive_at = float("-inf")
        self._alarm: Alarm | None = None
        self._queues: dict[Lane, FairQueue[_Waiter]] = {lane: FairQueue() for lane in LANES}
        self._in_flight: dict[Lane, int] = dict.fromkeys(LANES, 0)

    @property
    def in_flight(self) -> int:
        """Calls under way."""
        return self._in_flight["interactive"] + self._in_flight["bulk"]

    def try_enter(self, lane: Lane) -> bool:
        """Take a slot if one is free and nobody waits for it."""
        now = self._clock.now()
        if lane == "interactive":
            self._interactive_at = now
        if self._queues[lane] or not self._has_room(lane, now):
            return False
        self._in_flight[lane] += 1
        return True

    async def enter(self, batch_id: str, lane: Lane, *, patient: bool = True) -> None:
        """Wait for a slot. Raises `Dismissed`; and `Unavailable` while the breaker is open, if not `patient`."""
        if self.try_enter(lane):
            return
        now = self._clock.now()
        if self._breaker.is_open and self._gives_up(patient, now):
            raise Unavailable
        waiter = _Waiter(asyncio.get_running_loop().create_future(), patient)
        self._queues[lane].push(batch_id, waiter)
        self._wake_when_due(now)
        try:
            await waiter.admitted
        except asyncio.CancelledError:
            if waiter.admitted.done() and not waiter.admitted.cancelled() and waiter.admitted.exception() is None:
                self.leave_unused(lane)
            raise

    def leave_unused(self, lane: Lane) -> None:
        """Give a slot back without having called."""
        self._in_flight[lane] -= 1
        self._dispatch(self._clock.now())

    def leave(self, lane: Lane, *, started: float, error: ProviderError | None = None, first_call: bool = True) -> None:
        """Give the slot back and learn from the call; the next prompt has it before this returns."""
        now = self._clock.now()
        self._in_flight[lane] -= 1
        before = self._limit.value
        if error is None:
            self._limit.succeeded(now, now - started)
            self._breaker.succeeded()
        else:
            self._learn(error, now, started, first_call)
        if self._limit.value != before:
            self._changed(self._limit.value)
        if self._queues["bulk"] or self._queues["interactive"]:
            self._dispatch(now)

    def dismiss(self, batch_id: str) -> None:
        """Wake everyone of a batch that no longer runs."""
        for lane in LANES:
            for waiter in self._queues[lane].drop(batch_id):
                if not waiter.admitted.done():
                    waiter.admitted.set_exception(Dismissed())

    def _learn(self, error: ProviderError, now: float, started: float, first_call: bool) -> None:
        if error.overload:
            self._limit.overloaded(now, started)
        if error.category == "rate_limit" and error.retryable:
            self._held_until = max(self._held_until, now + (error.retry_after_s or COOLDOWN_S))
        if error.speaks_against_provider:
            self._breaker.failed(now, first_call=first_call)
        elif error.category in ("auth", "content_filter", "model_error") and not error.retryable:
            self._breaker.succeeded()  # it answers, whatever it says

    def _has_room(self, lane: Lane, now: float) -> bool:
        if now < self._held_until:
            return False
        allowed = min(self._limit.value, self._breaker.allowance(now))
        return self.in_flight < allowed and self._in_flight[lane] < self._share(lane, allowed, now)

    def _share(self, lane: Lane, allowed: int, now: float) -> int:
        if lane == "bulk":
            shared = bool(self._queues["interactive"]) or now - self._interactive_at < RESERVED_FOR_S
        else:
            shared = bool(self._queues["bulk"])
        return allowed - ceil(allowed * RESERVED) if shared and allowed > 1 else allowed

    def _dispatch(self, now: float) -> None:
        for lane in LANES:
            queue = self._queues[lane]
            while queue and self._has_room(lane, now):
                waiter = queue.pop()
                if not waiter.admitted.done():
                    self._in_flight[lane] += 1
                    waiter.admitted.set_result(None)
        if self._breaker.is_open:
            self._turn_away(now)
        self._wake_when_due(now)

    def _turn_away(self, now: float) -> None:
        for lane in LANES:
            queue = self._queues[lane]
            staying = []
            for batch_id, waiter in queue.items():
                if not self._gives_up(waiter.patient, now):
                    staying.append((batch_id, waiter))
                elif not waiter.admitted.done():
                    waiter.admitted.set_exception(Unavailable())
            queue.keep(staying)

    def _gives_up(self, patient: bool, now: float) -> bool:
        return not patient or self._breaker.exhausted(now)

    def _wake_when_due(self, now: float) -> None:
        due = max(self._held_until, self._breaker.retry_at)
        if due > now and self._alarm is None and any(self._queues.values()):
            self._alarm = self._clock.call_later(due - now, self._wake)

    def _wake(self) -> None:
        self._alarm = None
        self._dispatch(self._clock.now())
