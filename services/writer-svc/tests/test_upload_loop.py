"""What is uploaded when, with whom, and what is told meanwhile."""

from collections.abc import Sequence
from typing import Any

import pytest
from shared.bus import Received
from shared.database import Database
from shared.errors import Fatal, Retryable
from shared.events import BatchProgressed, BatchStaged, Event, RecordSettled
from sqlalchemy import text
from writer_svc.domain.plans import PlanBook
from writer_svc.domain.structured_response import DATASET
from writer_svc.domain.upload_budget import UploadBudget
from writer_svc.domain.uploads import Closing, DatasetUpload, Kept
from writer_svc.domain.verdicts import Verdict
from writer_svc.standings import note_standing
from writer_svc.store.uploads import UploadStore
from writer_svc.upload_loop import Rules, UploadLoop

TARGET = {"kind": "crm-analytics"}


class Scene:
    """A loop whose turns and whose clock the test makes; uploads end at once, unless `error` says otherwise."""

    def __init__(self, database: Database, make_plan: Any, make_control: Any, make_result: Any) -> None:
        self.now = 1_000.0
        self.store = UploadStore(database, lambda: self.now)
        self.plans = PlanBook(lambda _: None)
        self.uploads: list[list[str]] = []
        self.events: list[Event] = []
        self.error: Exception | None = None
        self.make_plan, self.make_control, self.make_result = make_plan, make_control, make_result
        self.loop = self.replica()

    def replica(self, store: UploadStore | None = None) -> UploadLoop:
        rules = Rules(Closing(records=50, longest_s=600.0), UploadBudget(a_day=4, at_once=2))
        return UploadLoop(
            store or self.store, self._run, self._publish, plans=self.plans, rules=rules, clock=lambda: self.now
        )

    def plan(self, batch_id: str, requested: int, state: str = "running") -> None:
        self.plans.note(batch_id, self.make_control(state, self.make_plan(TARGET, requested=requested), batch_id))

    async def keep(self, batch_id: str, *indices: int) -> None:
        await self.store.keep(DATASET, [Kept(self.make_result(i, batch_id=batch_id), batch_id) for i in indices])

    async def pending(self, batch_id: str, count: int) -> None:
        news = BatchProgressed(batch_id=batch_id, requested=9, counts={"pending": count, "failed": 9 - count})
        received = Received(news, {}, "batches.events.v1", 0, 0, 1, None)
        async for _ in note_standing(received, plans=self.plans, store=self.store):
            pass

    async def turns(self, count: int = 3) -> None:
        for _ in range(count):
            await self.loop.turn()
            if self.loop._working is not None:
                await self.loop._working
            self.now += 1.0

    def staged(self) -> list[tuple[str, int]]:
        return [(event.batch_id, event.staged) for event in self.events if isinstance(event, BatchStaged)]

    def verdicts(self) -> list[tuple[str, int, str]]:
        return [(e.batch_id, e.index, e.state) for e in self.events if isinstance(e, RecordSettled)]

    async def _run(self, upload: DatasetUpload, fence: int) -> None:
        if self.error is not None:
            raise self.error
        batches: list[str] = []
        async for page in self.store.answers(upload):
            batches += [kept.result.batch_id for kept in page]
            await self.loop.tell([(kept.result, Verdict("written")) for kept in page])
        self.uploads.append(list(dict.fromkeys(batches)))
        await self.store.move(upload, fence, phase="ended")

    async def _publish(self, events: Sequence[tuple[Event, str | None]]) -> None:
        self.events += [event for event, _ in events]


@pytest.fixture
def scene(database: Database, make_plan: Any, make_control: Any, make_result: Any) -> Scene:
    return Scene(database, make_plan, make_control, make_result)


async def test_a_batch_is_one_upload_once_all_of_it_is_here(scene: Scene) -> None:
    scene.plan("b", 3)
    await scene.keep("b", 0, 1)
    await scene.turns()
    assert scene.uploads == []
    await scene.keep("b", 2)
    await scene.turns()
    assert scene.uploads == [["b"]]
    assert sorted(scene.verdicts()) == [("b", i, "written") for i in range(3)]


async def test_records_that_failed_elsewhere_are_not_waited_for(scene: Scene) -> None:
    scene.plan("b", 5)
    await scene.keep("b", 0, 1)
    await scene.pending("b", 3)
    await scene.turns()
    assert scene.uploads == []
    await scene.pending("b", 2)
    await scene.turns()
    assert scene.uploads == [["b"]]


async def test_what_has_waited_long_enough_is_uploaded_as_it_is(scene: Scene) -> None:
    scene.plan("b", 5)
    await scene.keep("b", 0)
    await scene.turns()
    scene.now += 600.0
    await scene.turns()
    assert scene.uploads == [["b"]]


async def test_a_large_batch_takes_several_uploads(scene: Scene) -> None:
    scene.plan("b", 120)
    await scene.keep("b", *range(70))
    await scene.turns()
    assert len(scene.verdicts()) == 50
    await scene.keep("b", *range(70, 120))
    await scene.pending("b", 70)
    await scene.turns(2)
    assert len(scene.verdicts()) == 100
    scene.now += 90_000.0
    await scene.turns()
    assert len(set(scene.verdicts())) == len(scene.verdicts()) == 120


async def test_batches_are_uploaded_apart_until_uploads_run_short_and_then_together(scene: Scene) -> None:
    for name in "uvwxy":
        scene.plan(name, 1)
        await scene.keep(name, 0)
        scene.now += 1.0
    await scene.turns(5)
    assert scene.uploads == [["u"], ["v"]]
    assert "2 of 4 uploads left today, the next in" in scene.loop.ready[1]["uploads"]
    scene.now += 43_200.0
    await scene.turns(2)
    assert scene.uploads == [["u"], ["v"], ["w", "x", "y"]]


async def test_what_is_kept_is_told_and_told_again_when_it_has_changed(scene: Scene) -> None:
    scene.plan("b", 3)
    await scene.keep("b", 0, 1)
    await scene.turns()
    assert scene.staged() == [("b", 2)]
    await scene.keep("b", 2)
    await scene.turns()
    assert scene.staged() == [("b", 2), ("b", 3), ("b", 0)]


async def test_a_result_that_comes_again_is_not_uploaded_again(scene: Scene) -> None:
    scene.plan("b", 2)
    await scene.keep("b", 0, 1)
    await scene.turns()
    scene.plan("b", 2)
    await scene.keep("b", 0, 1)
    await scene.turns()
    assert scene.uploads == [["b"]]
    assert len(scene.verdicts()) == 2


async def test_what_waits_of_a_cancelled_batch_is_cancelled(scene: Scene) -> None:
    scene.plan("b", 5)
    await scene.keep("b", 0, 1)
    await scene.turns()
    scene.plan("b", 5, state="cancelled")
    await scene.turns()
    assert sorted(scene.verdicts()) == [("b", 0, "cancelled"), ("b", 1, "cancelled")]
    assert scene.uploads == []
    assert scene.staged()[-1] == ("b", 0)


@pytest.mark.parametrize(
    ("error", "rest_s"),
    [(Retryable("away"), 5.0), (Retryable("full", code="LIMIT_EXCEEDED"), 900.0), (Fatal("no"), 60.0)],
)
async def test_a_failed_run_is_made_again_after_a_rest(scene: Scene, error: Exception, rest_s: float) -> None:
    scene.plan("b", 1)
    await scene.keep("b", 0)
    scene.error = error
    await scene.turns(1)
    scene.error = None
    assert scene.loop.ready[0] is not isinstance(error, Fatal)
    scene.now += rest_s - 3.0
    await scene.turns(1)
    assert scene.uploads == []
    scene.now += 3.0
    await scene.turns(1)
    assert scene.uploads == [["b"]]
    assert scene.loop.ready[0]


async def test_only_one_replica_uploads(scene: Scene, database: Database) -> None:
    scene.plan("b", 1)
    await scene.keep("b", 0)
    scene.error = Retryable("away")
    await scene.turns(1)
    other = scene.replica(UploadStore(database, lambda: scene.now))
    await other.turn()
    assert other._working is None
    scene.now += 60.0
    scene.error = None
    await other.turn()
    assert other._working is not None
    await other._working
    assert scene.uploads == [["b"]]


async def test_the_news_of_a_retry_counts_though_its_plan_is_not_known_yet(scene: Scene) -> None:
    scene.plan("b", 3)
    await scene.keep("b", 0)
    await scene.pending("b", 1)
    await scene.turns()
    scene.plans.note("b", scene.make_control("finished", None, "b"))
    await scene.pending("b", 2)
    scene.plan("b", 3)
    for index in (1, 2):
        assert len(scene.uploads) == 1
        await scene.keep("b", index)
        await scene.turns()
    assert scene.uploads == [["b"], ["b"]]


async def test_of_other_targets_nothing_is_remembered(scene: Scene) -> None:
    scene.plans.note("s", scene.make_control("running", scene.make_plan(), "s"))
    await scene.pending("s", 1)
    await scene.pending("unknown", 1)
    scene.plan("s", 3)
    await scene.keep("s", 0)
    scene.plan("unknown", 3)
    await scene.keep("unknown", 0)
    assert [one.pending for one in await scene.store.waiting(DATASET)] == [None, None]


async def test_a_database_that_is_away_loses_no_more_than_the_news(scene: Scene, database: Database) -> None:
    scene.plan("b", 3)
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE writer_standings RENAME TO elsewhere"))
    await scene.pending("b", 1)
    with database.engine.begin() as connection:
        connection.execute(text("ALTER TABLE elsewhere RENAME TO writer_standings"))
    await scene.keep("b", 0)
    await scene.pending("b", 1)
    await scene.turns()
    assert scene.uploads == [["b"]]
