"""Holds batches that cannot go on, with a reason that people see, and lets go those that wait for the org's limit."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import MappingProxyType
from typing import Protocol

from shared.events import WRITER, BatchCancelled, BatchPaused, BatchResumed, Event
from shared.telemetry import get_logger, names

from writer_svc.domain.plans import PlanBook


class HoldStore(Protocol):
    """Batches that are to be resumed when there is room, beyond a restart."""

    async def held(self) -> set[str]: ...
    async def hold(self, batch_id: str) -> None: ...
    async def let_go(self, batch_id: str) -> None: ...


class Steering:
    """Orders go the way of everybody's orders: as commands on the bus."""

    def __init__(
        self,
        publish: Callable[[Event], Awaitable[None]],
        plans: PlanBook,
        store: HoldStore,
        has_room: Callable[[], Awaitable[bool]],
        has_room_in: Mapping[str, Callable[[], Awaitable[bool]]] = MappingProxyType({}),
    ) -> None:
        """`has_room_in` answers for kinds of targets that have limits of their own, `has_room` for all others."""
        self._publish = publish
        self._plans = plans
        self._store = store
        self._has_room = has_room
        self._has_room_in = has_room_in
        self._waiting: set[str] | None = None

    async def pause(self, batch_id: str, reason: str) -> None:
        """Until somebody has put it right and resumes the batch."""
        if self._plans.is_held(batch_id):
            return
        self._plans.hold(batch_id)
        get_logger().warning(names.LOG_HELD, batch_id=batch_id, order="pause")
        await self._publish(BatchPaused(batch_id=batch_id, requested_by=WRITER, reason=reason))

    async def wait_for_room(self, batch_ids: Iterable[str], reason: str) -> None:
        """Until the org's daily limit leaves room again; then they go on by themselves."""
        for batch_id in batch_ids:
            await self._store.hold(batch_id)
            (await self._known()).add(batch_id)
            await self.pause(batch_id, reason)

    async def cancel(self, batch_id: str, reason: str) -> None:
        """It can never go on."""
        if not self._plans.is_cancelled(batch_id):
            get_logger().warning(names.LOG_HELD, batch_id=batch_id, order="cancel")
            await self._publish(BatchCancelled(batch_id=batch_id, requested_by=WRITER, reason=reason))

    async def let_go(self) -> None:
        """Resume what waits for room, if there is some. What a person has paused meanwhile stays paused."""
        waiting = await self._known()
        room: dict[str, bool] = {}
        for batch_id in sorted(waiting):
            plan = self._plans.plan(batch_id)
            kind = plan.target.kind if plan is not None else ""
            if kind not in room:
                room[kind] = await self._has_room_in.get(kind, self._has_room)()
            if not room[kind]:
                continue
            await self._publish(BatchResumed(batch_id=batch_id, requested_by=WRITER))
            await self._store.let_go(batch_id)
            waiting.discard(batch_id)

    async def _known(self) -> set[str]:
        if self._waiting is None:
            self._waiting = await self._store.held()
        return self._waiting
