"""Runs a handler of many records: collects those of one key, and hands over a group when it is full or old enough."""

from __future__ import annotations

import asyncio
import contextvars
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Coroutine, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from shared.bus.claims import Claim, end_with
from shared.bus.codec import Poison, Received, Unwanted
from shared.bus.outbox import Outgoing
from shared.bus.parked import Parked
from shared.bus.postponed import Postponed
from shared.bus.settlement import Settlement
from shared.bus.wholes import AtOnce, Wholes
from shared.errors import Fatal, Retryable
from shared.events import Event, EventGroup, RecordEvent
from shared.telemetry import UNSAMPLED, current_traceparent, is_sampled

E = TypeVar("E", bound=Event)
ManyHandler = Callable[[list[Received[Any]]], AsyncIterator[Event]]


@dataclass(frozen=True)
class Collect(Generic[E]):
    """How records become groups."""

    by: Callable[[E], Hashable]
    """Records of equal keys are handled together."""
    size: int
    """A group with so many is full."""
    linger_s: float
    """How long the first record of a group waits for others."""
    brief: Callable[[Hashable], bool] = lambda _: False
    """Keys whose groups are cheap to handle: they wait a tenth as long."""
    parallel: int = 1
    """Groups of one key that may run at once."""


@dataclass
class _Key:
    """What there is of one key: the group being collected, those that are due, and how many run."""

    collecting: list[tuple[Claim, Received[Any]]] = field(default_factory=list)
    timer: asyncio.TimerHandle | None = None
    due: deque[list[tuple[Claim, Received[Any]]]] = field(default_factory=deque)
    running: int = 0


class GroupsRunner:
    """A task per group, and one per record that cannot be handled."""

    def __init__(
        self, settlement: Settlement, handler: ManyHandler, collect: Collect[Any], at_once: AtOnce | None = None
    ) -> None:
        """`at_once` may handle the events of one record together, without collecting."""
        self._settlement = settlement
        self._handler = handler
        self._collect = collect
        self._loop = asyncio.get_running_loop()
        self._context = contextvars.copy_context()
        self._keys: dict[Hashable, _Key] = {}
        self._tasks: dict[asyncio.Task[None], list[Claim]] = {}
        self._wholes = Wholes(settlement, at_once, self._add_all)

    def begin(self, claim: Claim) -> None:
        """Add the record to the group of its key."""
        try:
            received = claim.received or self._settlement.read(claim.record)
        except Exception as error:
            claim.halt(error)
            return
        if isinstance(received, Unwanted):
            self._settlement.skip(claim.record)
            claim.done()
        elif isinstance(received, Poison):
            self._start(end_with(claim, self._settlement.bury(claim.record, received.reason, received.error)), [claim])
        elif claim.expired:
            late = Retryable("what the record waited for did not come", category="timeout")
            self._start(self._failing(claim, received, late), [claim])
        elif isinstance(received.event, EventGroup):
            self._wholes.begin(claim, received)
        else:
            self._add(claim, received)

    def _failing(self, claim: Claim, received: Received[Any], error: Exception) -> Coroutine[Any, Any, None]:
        return end_with(claim, self._settlement.fail(claim.record, received, error))

    def flush(self) -> None:
        """Hand over every group as it is."""
        for key in list(self._keys):
            self._hand_over(key)

    def cancel(self, unwanted: Callable[[Claim], bool]) -> None:
        """Drop unwanted claims from groups that have not begun; cancel running groups that hold no other."""
        self._wholes.cancel(unwanted)
        for key in self._keys.values():
            for group in (key.collecting, *key.due):
                for claim, _ in group:
                    if unwanted(claim):
                        claim.abandon()
                group[:] = [(claim, received) for claim, received in group if not unwanted(claim)]
        for task, claims in list(self._tasks.items()):
            if all(unwanted(claim) for claim in claims):
                task.cancel()

    def _add_all(self, begun: Sequence[tuple[Claim, Received[Any]]]) -> None:
        for claim, received in begun:
            self._add(claim, received)

    def _add(self, claim: Claim, received: Received[Any]) -> None:
        try:
            name = self._collect.by(received.event)
        except Exception as error:
            self._start(self._failing(claim, received, error), [claim])
            return
        key = self._keys.setdefault(name, _Key())
        key.collecting.append((claim, received))
        if len(key.collecting) >= self._collect.size:
            self._hand_over(name)
        elif key.timer is None:
            linger_s = self._collect.linger_s * (0.1 if self._collect.brief(name) else 1.0)
            key.timer = self._loop.call_later(linger_s, self._hand_over, name)

    def _hand_over(self, name: Hashable) -> None:
        key = self._keys[name]
        if key.timer is not None:
            key.timer.cancel()
            key.timer = None
        if key.collecting:
            key.due.append(key.collecting)
            key.collecting = []
        self._run_due(name)

    def _run_due(self, name: Hashable) -> None:
        key = self._keys[name]
        while key.due and key.running < self._collect.parallel:
            if group := key.due.popleft():
                key.running += 1
                self._start(self._run(name, group), [claim for claim, _ in group])
        if not (key.running or key.due or key.collecting):
            del self._keys[name]

    def _start(self, work: Any, claims: list[Claim]) -> None:
        task: asyncio.Task[None] = self._loop.create_task(work, context=self._context.copy())
        self._tasks[task] = claims
        task.add_done_callback(self._tasks.pop)

    async def _run(self, name: Hashable, group: list[tuple[Claim, Received[Any]]]) -> None:
        try:
            await self._settle(group)
        except Parked as parked:
            for claim, _ in group:
                claim.park(parked.key, parked.timeout_s)
        except asyncio.CancelledError:
            for claim, _ in group:
                claim.abandon()
        except Exception as error:
            for claim, _ in group:
                claim.halt(error)
        finally:
            self._keys[name].running -= 1
            self._run_due(name)

    async def _settle(self, group: list[tuple[Claim, Received[Any]]]) -> None:
        outgoing: list[Outgoing] = []
        failure: Exception | None = None
        later: dict[int, Retryable] = {}
        try:
            causes = Causes([received for _, received in group])
            async for event in self._handler([received for _, received in group]):
                outgoing.append((event, causes.traceparent_of(event)))  # noqa: PERF401  # kept when it raises
        except (Parked, Fatal):
            await self._settlement.publish(outgoing)
            raise
        except Postponed as postponed:
            later = {id(received): error for received, error in postponed.later}
        except Exception as error:
            failure = error
        try:
            # Verdicts from before a failure are true: whoever reads them keeps the first one of each record.
            await self._settlement.publish(outgoing)
        except Exception as error:
            failure = failure or error
        errors = {id(received): failure for _, received in group} if failure is not None else later
        done = [claim for claim, received in group if id(received) not in errors]
        for claim in done:
            claim.done()
        for topic, count in Counter(claim.record.topic for claim in done).items():
            self._settlement.count_done(topic, count)
        failing = [one for one in group if id(one[1]) in errors]
        await asyncio.gather(*(self._failing(claim, received, errors[id(received)]) for claim, received in failing))


class Causes:
    """Which received record an event of the group is about: the one of the same batch and index."""

    def __init__(self, group: Sequence[Received[Any]]) -> None:
        self._group = group
        self._kept = any(is_sampled(received.traceparent) for received in group)
        self._by_record: dict[tuple[Any, Any], str | None] | None = None

    def traceparent_of(self, event: Event) -> str | None:
        """The traceparent of the record that caused this event, or of the span that is current if it is kept."""
        if not self._kept and isinstance(event, RecordEvent):
            # Most groups: no trace of theirs is kept, so there is none to look for.
            return UNSAMPLED
        if self._by_record is None:
            self._by_record = {_record_of(received.event): received.traceparent for received in self._group}
        cause = self._by_record.get(_record_of(event))
        if cause is not None and not is_sampled(cause):
            return cause
        return current_traceparent() or cause


def _record_of(event: Event) -> tuple[Any, Any]:
    return getattr(event, "batch_id", None), getattr(event, "index", None)
