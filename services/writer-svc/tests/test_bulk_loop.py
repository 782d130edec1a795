"""When jobs are closed, who runs them, and what is told."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pytest
from shared.database import Database
from shared.errors import Fatal, Retryable
from shared.events import BatchStaged, Event, SalesforceTarget
from writer_svc.bulk_loop import BulkLoop
from writer_svc.domain.plans import PlanBook
from writer_svc.domain.staging import Job, Patience, Staged
from writer_svc.domain.verdicts import Verdict
from writer_svc.steering import Steering
from writer_svc.store.staging import BulkStore

TARGET = SalesforceTarget(kind="salesforce", object="Claim__c", external_id="Key__c", field="Summary__c")


@dataclass
class Scene:
    """A loop that is turned by hand, on a clock of its own."""

    store: BulkStore
    plans: PlanBook
    now: list[float]
    published: list[Event] = field(default_factory=list)
    ran: list[int] = field(default_factory=list)
    error: Exception | None = None
    loop: Any = None

    async def run(self, job: Job, fence: int) -> None:
        self.ran.append(job.number)
        if self.error is not None:
            raise self.error
        async for page in self.store.results(job, page=10):
            await self.loop.tell(job, [(one, Verdict("written", crm_id="x")) for one in page])
        await self.store.move(job, fence, phase="ended")

    async def publish(self, events: Sequence[tuple[Event, str | None]]) -> None:
        self.published += [event for event, _ in events]

    async def publish_one(self, event: Event) -> None:
        self.published.append(event)

    async def turn(self) -> None:
        await self.loop.turn()
        jobs = [task for task in asyncio.all_tasks() if "BulkLoop._work" in repr(task.get_coro())]
        if jobs:
            await asyncio.wait(jobs)

    def staged(self) -> list[int]:
        return [event.staged for event in self.published if isinstance(event, BatchStaged)]


@pytest.fixture
async def scene(database: Database, make_control: Any, make_plan: Any) -> Any:
    now = [100.0]
    store, plans = BulkStore(database, lambda: now[0]), PlanBook(lambda _: None)
    plans.note("b", make_control("running", make_plan(TARGET.model_dump(), requested=10)))
    scene = Scene(store, plans, now)

    async def no() -> bool:
        return False

    steering = Steering(scene.publish_one, plans, store, no)
    scene.loop = BulkLoop(
        store, scene.run, scene.publish, plans=plans, steering=steering, patience=Patience(5.0, 60.0),
        clock=lambda: now[0],
    )  # fmt: skip
    yield scene
    await scene.loop.stop()


@pytest.fixture
def keep(scene: Scene, make_result: Callable[..., Any]) -> Callable[..., Any]:
    async def keep(first: int, count: int) -> None:
        rows = [Staged(make_result(i), f"k{i}", "", f"k{i},t") for i in range(first, first + count)]
        await scene.store.keep("b", TARGET, rows)

    return keep


async def test_a_job_is_closed_when_all_of_the_batch_is_there(scene: Scene, keep: Any) -> None:
    await keep(0, 9)
    await scene.turn()
    assert (scene.ran, scene.staged()) == ([], [9])
    await keep(9, 1)
    await scene.turn()
    await scene.turn()
    assert scene.ran == [1]
    await scene.turn()
    assert scene.staged()[-1] == 0
    assert len([event for event in scene.published if not isinstance(event, BatchStaged)]) == 10


@pytest.mark.parametrize("seconds", [5.0, 61.0])
async def test_a_job_is_closed_when_nothing_more_comes(scene: Scene, keep: Any, seconds: float) -> None:
    await keep(0, 3)
    await scene.turn()
    scene.now[0] += seconds
    await scene.turn()
    await scene.turn()
    assert scene.ran == [1]


@pytest.mark.parametrize(("error", "seconds"), [(Retryable("away", retry_after_s=30.0), 30.0), (Fatal("key"), 60.0)])
async def test_a_job_that_cannot_run_now_runs_later(scene: Scene, keep: Any, error: Exception, seconds: float) -> None:
    await keep(0, 10)
    scene.error = error
    await scene.turn()
    await scene.turn()
    assert scene.ran == [1]
    assert scene.loop.ready[0] is not isinstance(error, Fatal)
    scene.error, scene.now[0] = None, scene.now[0] + seconds - 1
    await scene.turn()
    assert scene.ran == [1]
    scene.now[0] += 2
    await scene.turn()
    assert scene.ran == [1, 1]
    assert scene.loop.ready[0]


async def test_a_held_batch_is_not_run_until_it_goes_on(
    scene: Scene, keep: Any, make_control: Any, make_plan: Any
) -> None:
    scene.plans.hold("b")
    await keep(0, 10)
    for _ in range(3):
        await scene.turn()
    assert scene.ran == []
    scene.plans.note("b", make_control("paused", make_plan(TARGET.model_dump(), requested=10)))
    scene.plans.note("b", make_control("running", make_plan(TARGET.model_dump(), requested=10)))
    await scene.turn()
    await scene.turn()
    assert scene.ran == [1]


async def test_a_finished_batch_is_forgotten(scene: Scene, keep: Any, make_control: Any) -> None:
    await keep(0, 3)
    scene.plans.note("b", make_control("finished", None))
    await scene.turn()
    await scene.turn()
    assert (await scene.store.staged(), scene.ran) == ({}, [])
