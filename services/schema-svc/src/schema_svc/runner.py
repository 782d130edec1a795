"""Brings one batch forward, step by step; each step is safe to repeat after a crash."""

from __future__ import annotations

import asyncio

from shared.errors import Fatal, RecordsmithError, Rejected, Retryable
from shared.events import BatchControlled, BatchPlan, BatchPlanned, BatchRefused, BatchSpec, Event
from shared.telemetry import get_logger, names, span
from sqlalchemy.exc import SQLAlchemyError

from schema_svc.chunks import BUGS, ChunkExpander
from schema_svc.domain.batch import LeaseLost, Standing
from schema_svc.domain.slots import Needed
from schema_svc.expansion import OpenBatch
from schema_svc.planning import plan_batch, source_of
from schema_svc.store import StoredSnapshot
from schema_svc.workshop import Workshop

IDLE_S = 30.0
"""A batch that waits is woken by what it waits for; this is for a wake-up that was lost."""

FATAL_S = 60.0
"""Between two tries with credentials that were refused; the session itself asks less often."""

ENDED = -1.0


class BatchRunner:
    """The only one that works on its batch, as long as its fence holds."""

    def __init__(self, shop: Workshop, found: Standing) -> None:
        """`found`: how the batch stood when it was claimed."""
        self.batch_id = found.batch_id
        self.fence = found.fence
        self.seen: Standing | None = None
        self._shop = shop
        self._wake = asyncio.Event()
        self._known: Standing | None = found
        """What the last step made of the batch; it counts until somebody wakes us."""
        self._told: str | None = None
        """The first state that workers were told; the first chunk notes it."""
        self._order: tuple[BatchSpec, str | None] | None = None
        self._expander: ChunkExpander | None = None
        self._failures = 0
        self._bugs = 0

    def wake(self) -> None:
        """Something about the batch has changed."""
        self._wake.set()

    async def run(self) -> None:
        """Until the batch is closed or somebody else has it."""
        try:
            while (rest_s := await self._turn()) != ENDED:
                if rest_s > 0:
                    self._shop.turnstile.leave(self.batch_id)
                    await self._rest(rest_s)
        finally:
            if self._expander is not None:
                self._expander.forget()
            self._shop.turnstile.leave(self.batch_id)
            self._shop.unwell.pop(self.batch_id, None)

    async def step(self, standing: Standing) -> float:
        """Do the next thing; seconds to rest after it, or ENDED."""
        if standing.phase == "planning":
            return await self._plan(standing)
        if (standing.announced or self._told) != standing.state:
            return await self._announce(standing)
        if standing.phase != "ready":
            return ENDED
        if standing.state == "paused" or not standing.shares:
            return IDLE_S
        return await self._expand(standing)

    async def _turn(self) -> float:
        try:
            self.seen = await self._standing()
            rest_s = await self.step(self.seen)
        except LeaseLost:
            return ENDED
        except Exception as error:
            return self._trouble(error)
        self._failures = 0
        self._shop.unwell.pop(self.batch_id, None)
        return rest_s

    async def _standing(self) -> Standing:
        known, self._known = self._known, None
        if known is not None and not self._wake.is_set():
            return known
        # Cleared before looking: a change between looking and resting wakes us again.
        self._wake.clear()
        return await self._shop.store.standing(self.batch_id, self.fence)

    async def _plan(self, standing: Standing) -> float:
        store = self._shop.store
        if standing.wanted == "cancelled":
            self._known = await store.planned(self.batch_id, self.fence, 0)
            return 0.0
        try:
            async with self._shop.planning:
                requested = await self._requested()
            self._known = await store.planned(self.batch_id, self.fence, requested)
        except Rejected as refused:
            self._known = await store.refused(self.batch_id, self.fence, str(refused))
        except Exception as error:
            if not self._is_stubborn_bug(error):
                raise
            reason = f"The batch could not be planned because of an error of ours ({type(error).__name__})."
            self._known = await store.refused(self.batch_id, self.fence, reason)
        return 0.0

    async def _requested(self) -> int:
        batch = await self._open()
        with span(names.SPAN_PLAN, traceparent=batch.traceparent, attributes={names.BATCH_ID: self.batch_id}):
            return await plan_batch(batch, self._shop.salesforce, self._shop.hubspot)

    async def _announce(self, standing: Standing) -> float:
        """Tell the workers the whole truth, then remember that they know; after a crash they hear it twice."""
        batch_id, state, publisher = self.batch_id, standing.state, self._shop.publisher
        spec, traceparent = await self._ordered()
        if standing.phase == "refused":
            await publisher.publish(BatchRefused(batch_id=batch_id, reason=standing.reason or ""), traceparent)
        else:
            plan = None if standing.phase == "finished" else BatchPlan.of(spec, requested=standing.requested)
            control = BatchControlled.model_validate({"batch_id": batch_id, "state": state, "plan": plan})
            news: list[Event] = [control]
            if standing.announced is None:
                news.append(BatchPlanned(batch_id=batch_id, requested=standing.requested))
            if state == "running" and standing.shares:
                (await self._opened()).read_ahead(standing.shares[0])
            # Acknowledged before any prompt: one that arrives before its plan would have to wait.
            await publisher.publish_many([(event, traceparent) for event in news])
        if standing.announced is None and standing.shares and state != "paused":
            # A chunk follows: its transaction notes it, and prompts are there one transaction sooner.
            self._told, self._known = state, standing
        else:
            self._known = await self._shop.store.announced(batch_id, self.fence, state)
        get_logger().info(names.LOG_BATCH, batch_id=batch_id, state=state, requested=standing.requested)
        return 0.0

    async def _expand(self, standing: Standing) -> float:
        share, expander = standing.shares[0], await self._opened()
        if standing.state == "cancelled":
            self._known = await expander.cancel(share)
            return 0.0
        publish = expander.slices if expander.batch.spec.prompt is None else expander.prompts
        self._known = await publish(standing, share)
        return IDLE_S if self._known is None else 0.0

    async def _opened(self) -> ChunkExpander:
        if self._expander is None:
            self._expander = ChunkExpander(self._shop, await self._open(), self.fence)
        return self._expander

    async def _open(self) -> OpenBatch:
        spec, traceparent = await self._ordered()
        source = source_of(spec, self._shop.sources)
        snapshot = StoredSnapshot(self._shop.store.database, self.batch_id)
        return OpenBatch(self.batch_id, spec, traceparent, Needed.of(spec), source, snapshot)

    async def _ordered(self) -> tuple[BatchSpec, str | None]:
        if self._order is None:
            self._order = await self._shop.store.spec(self.batch_id)
        return self._order

    def _is_stubborn_bug(self, error: Exception) -> bool:
        if isinstance(error, RecordsmithError | SQLAlchemyError):
            return False
        self._bugs += 1
        return self._bugs >= BUGS

    def _trouble(self, error: Exception) -> float:
        self._failures += 1
        rest_s = min(IDLE_S, 0.25 * 2.0 ** min(self._failures, 10))
        if isinstance(error, Retryable):
            rest_s = max(rest_s, error.retry_after_s or 0.0)
        elif isinstance(error, Fatal):
            self._shop.unwell[self.batch_id] = str(error)
            rest_s = FATAL_S
        code = error.code if isinstance(error, RecordsmithError) else None
        get_logger().warning(
            "batch_waits", batch_id=self.batch_id, error=type(error).__name__, code=code, seconds=rest_s
        )
        return rest_s

    async def _rest(self, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                await self._wake.wait()
        except TimeoutError:
            return
