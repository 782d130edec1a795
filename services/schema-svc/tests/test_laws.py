"""Whatever happens in whatever order, every index gets its prompt or its verdict, and a repetition has the same id."""

import asyncio
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schema_svc.runner import ENDED, BatchRunner
from schema_svc.store.tables import metadata
from schema_svc.workshop import Pace
from shared.events import (
    BatchCancelled,
    BatchCompleted,
    BatchControlled,
    BatchPaused,
    BatchProgressed,
    BatchReopened,
    BatchResumed,
    PromptPrepared,
    SlicePrepared,
)

TOTAL, WINDOW = 23, 8
Operation = tuple[str, int]

operations = st.lists(
    st.one_of(
        st.tuples(st.just("step"), st.integers(1, 4)),
        st.tuples(st.sampled_from(["crash", "lost ack", "pause", "resume", "tell", "finish"]), st.just(0)),
        st.tuples(st.just("settle"), st.integers(1, 9)),
        st.tuples(st.just("reopen"), st.integers(0, TOTAL - 1)),
        st.tuples(st.just("cancel"), st.just(0)),
    ),
    max_size=30,
)


@dataclass
class World:
    """The service, and a ledger as the gateway keeps it."""

    schema: Any
    runner: BatchRunner
    epoch: int = 0
    epoch_of: dict[int, int] = field(default_factory=lambda: dict.fromkeys(range(TOTAL), 0))
    settled: set[int] = field(default_factory=set)
    cancelled: bool = False

    def expanded(self) -> set[int]:
        """Indices of which something was published in their present epoch."""
        by_epoch = {epoch: self.schema.bus.covered(epoch) for epoch in set(self.epoch_of.values())}
        return {index for index, epoch in self.epoch_of.items() if index in by_epoch[epoch]}

    async def step(self) -> float:
        prompts = len(self.schema.bus.of(PromptPrepared, SlicePrepared))
        told = [event.state for event in self.schema.bus.of(BatchControlled)]
        rest_s = await self.runner._turn()
        asked = self.schema.bus.of(PromptPrepared, SlicePrepared)[prompts:]
        assert not asked or (told and told[-1] == "running")
        return rest_s

    async def apply(self, operation: Operation) -> None:
        name, number = operation
        schema = self.schema
        match name:
            case "step":
                for _ in range(number):
                    await self.step()
            case "crash":
                asleep, self.runner = self.runner, await schema.runner("b")
                # It may tell workers once more what the first chunk notes; it stores nothing.
                assert await asleep._turn() == ENDED or await asleep._turn() == ENDED
            case "lost ack":
                schema.bus.lose_acks = 1
                await self.step()
                schema.bus.lose_acks = 0
            case "pause":
                await schema.command(BatchPaused(batch_id="b"))
            case "resume":
                await schema.command(BatchResumed(batch_id="b"))
            case "cancel":
                self.cancelled = True
                await schema.command(BatchCancelled(batch_id="b"))
            case "settle":
                self.settled |= set(sorted(self.expanded() - self.settled)[:number])
            case "tell":
                await self.tell()
            case "finish":
                await self.finish()
            case "reopen":
                await self.reopen(number)

    async def tell(self) -> None:
        counts = {"pending": TOTAL - len(self.settled)}
        await self.schema.news(BatchProgressed(batch_id="b", requested=TOTAL, counts=counts))

    async def finish(self) -> None:
        if len(self.settled) == TOTAL:
            await self.schema.news(
                BatchCompleted(batch_id="b", epoch=self.epoch, state="completed", requested=TOTAL, counts={})
            )

    async def reopen(self, index: int) -> None:
        """The gateway reopens what it has settled, and tells how far it is first."""
        chosen = sorted(self.settled & {index, index + 1, (index * 7) % TOTAL})
        if chosen:
            await self.tell()
            self.epoch += 1
            self.settled -= set(chosen)
            self.epoch_of |= dict.fromkeys(chosen, self.epoch)
            ranges = [(index, 1) for index in chosen]
            await self.schema.news(BatchReopened(batch_id="b", epoch=self.epoch, ranges=ranges))

    async def drive_home(self) -> None:
        for _ in range(200):
            await self.apply(("resume", 0))
            while await self.step() == 0.0:
                pass
            if len(self.settled) == TOTAL:
                break
            self.settled |= self.expanded()
            await self.tell()
        assert len(self.settled) == TOTAL

    def check(self) -> None:
        for epoch in set(self.epoch_of.values()) | {0}:
            for index, ids in self.schema.bus.covered(epoch).items():
                # A slice or prompt, and after a cancellation perhaps the verdict on the same record.
                assert len(ids) == 1 or self.cancelled, (index, ids)
                assert len(ids) <= 2
        for event in self.schema.bus.of(PromptPrepared):
            assert event.record_id == (f"r{event.index}" if "label" in event.values else str(event.index))


async def live(make: Any, spec: dict[str, Any], todo: list[Operation]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        schema = make(Path(folder), Pace(window=WINDOW, window_most=WINDOW, slice_window=WINDOW, chunk=5))
        metadata.create_all(schema.database.engine)
        await schema.submit("b", spec)
        world = World(schema, await schema.runner("b"))
        for operation in todo:
            await world.apply(operation)
            if spec["source"]["kind"] == "rows" and not world.cancelled:
                assert len(world.expanded() - world.settled) <= WINDOW + 3 * (world.epoch > 0)
        # A cancellation before the plan leaves nothing to account for.
        standing = await schema.store.standing("b", world.runner.fence)
        if standing.phase == "planning" and world.cancelled:
            while await world.step() == 0.0:
                pass
            assert not schema.bus.of(PromptPrepared)
        elif schema.bus.covered() or not world.cancelled or standing.requested:
            await world.drive_home()
            world.check()
        schema.database.close()


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operations)
def test_every_row_is_accounted_for(schema_class: Any, make_rows: Any, todo: list[Operation]) -> None:
    asyncio.run(live(schema_class, make_rows(TOTAL), todo))


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(operations)
def test_every_row_of_a_recipe_is_accounted_for(schema_class: Any, make_recipe: Any, todo: list[Operation]) -> None:
    asyncio.run(live(schema_class, make_recipe(TOTAL), todo))
