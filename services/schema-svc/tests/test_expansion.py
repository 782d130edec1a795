"""Chunks, windows, policies, steering."""

import asyncio
from typing import Any

import pytest
from schema_svc.domain.ranges import SLICE
from schema_svc.sources.rows import Rows
from schema_svc.workshop import Pace
from shared.events import (
    CHUNK,
    BatchCancelled,
    BatchCompleted,
    BatchControlled,
    BatchPaused,
    BatchPlanned,
    BatchProgressed,
    BatchReopened,
    BatchResumed,
    PromptPrepared,
    RangeSettled,
    RecordSettled,
    SlicePrepared,
)

from shared import topics


def progress(batch_id: str, requested: int, settled: int) -> BatchProgressed:
    counts = {"pending": requested - settled, "generated": settled}
    return BatchProgressed(batch_id=batch_id, requested=requested, counts=counts)


def completed(batch_id: str, requested: int, epoch: int = 0) -> BatchCompleted:
    return BatchCompleted(batch_id=batch_id, epoch=epoch, state="completed", requested=requested, counts={})


def states(schema: Any, batch_id: str = "b") -> list[str]:
    return [event.state for event in schema.bus.of(BatchControlled) if event.batch_id == batch_id]


async def test_a_prompt_holds_its_slots_and_nothing_else(schema: Any, make_rows: Any) -> None:
    await schema.submit("b", make_rows(2, lane="interactive"))
    await schema.scheduler.start()
    await schema.until(lambda: len(schema.bus.of(PromptPrepared)) == 2)
    prompt = schema.bus.of(PromptPrepared)[1]
    assert (prompt.index, prompt.record_id, prompt.values) == (1, "r1", {"label": "item 1"})
    assert schema.bus.topics[-1] is topics.PROMPTS_INTERACTIVE


async def test_a_recipe_with_a_prompt_is_asked_about_by_number(schema: Any, make_recipe: Any) -> None:
    await schema.submit("b", make_recipe(3, prompt={"template": "Item {{index}}"}))
    await schema.scheduler.start()
    await schema.until(lambda: len(schema.bus.of(PromptPrepared)) == 3)
    assert [(p.record_id, p.values) for p in schema.bus.of(PromptPrepared)] == [
        (str(i), {"index": i}) for i in range(3)
    ]
    assert schema.bus.topics[-1] is topics.PROMPTS_BULK


async def test_a_recipe_without_a_prompt_is_cut_into_slices_that_cross_no_ledger_row(
    schema: Any, make_recipe: Any
) -> None:
    await schema.submit("b", make_recipe(10_500, source={"kind": "recipe", "recipe": "r", "rows": 10_500, "seed": 7}))
    await schema.scheduler.start()
    await schema.until(lambda: sum(s.count for s in schema.bus.of(SlicePrepared)) == 10_500)
    slices = schema.bus.of(SlicePrepared)
    assert all(s.count <= SLICE and s.first // CHUNK == (s.first + s.count - 1) // CHUNK for s in slices)
    assert {(s.recipe, s.seed) for s in slices} == {("r", 7)}
    assert sorted(schema.bus.covered()) == list(range(10_500))


@pytest.mark.parametrize(("policy", "value"), [("leave", ""), ("default", "not specified")])
async def test_an_empty_slot_is_filled_as_the_batch_wants(schema: Any, make_rows: Any, policy: str, value: str) -> None:
    spec = make_rows(0, prompt={"template": "{{label}}", "empty_slot": policy})
    spec["source"]["rows"] = [{"id": "a", "label": " "}, {"id": "b"}]
    await schema.submit("b", spec)
    await schema.scheduler.start()
    await schema.until(lambda: len(schema.bus.of(PromptPrepared)) == 2)
    assert [p.values for p in schema.bus.of(PromptPrepared)] == [{"label": value}] * 2


async def test_a_record_with_an_empty_slot_may_be_skipped(schema: Any, make_rows: Any) -> None:
    spec = make_rows(0, prompt={"template": "{{label}}", "empty_slot": "skip"})
    spec["source"]["rows"] = [{"id": "a", "label": ""}, {"id": "b", "label": "x"}, {"label": None}]
    await schema.submit("b", spec)
    await schema.scheduler.start()
    await schema.until(lambda: len(schema.bus.covered()) == 3)
    skipped = schema.bus.of(RecordSettled)
    assert [(s.index, s.record_id, s.state, s.code) for s in skipped] == [
        (0, "a", "skipped", "EMPTY_SLOT"),
        (2, "2", "skipped", "EMPTY_SLOT"),
    ]


async def test_no_more_is_expanded_than_the_window_lets_out(make_schema: Any, make_rows: Any) -> None:
    schema = make_schema(Pace(window=300, window_most=300, chunk=100))
    await schema.submit("b", make_rows(2_000))
    await schema.scheduler.start()
    settled = 0
    while settled < 2_000:
        room = min(300, 2_000 - settled)
        await schema.until(lambda due=settled + room - 37: len(schema.bus.of(PromptPrepared)) >= due)
        await asyncio.sleep(0.02)
        assert len(schema.bus.of(PromptPrepared)) - settled <= 300
        settled = min(2_000, settled + 170)
        await schema.news(progress("b", 2_000, settled))
    assert sorted(schema.bus.covered()) == list(range(2_000))


@pytest.mark.parametrize(("every_s", "largest"), [(0.05, 1_000), (1.0, 100)])
async def test_a_batch_that_is_settled_at_once_is_published_in_large_chunks(
    make_schema: Any, make_recipe: Any, every_s: float, largest: int
) -> None:
    schema = make_schema(Pace(window=500, window_most=10_000, chunk=100, chunk_most=1_000))
    now = 0.0
    schema.shop.clock = lambda: now
    await schema.submit("b", make_recipe(6_000, prompt={"template": "Item {{index}}"}))
    await schema.scheduler.start()
    while len(published := schema.bus.of(PromptPrepared)) < 6_000:
        now += every_s
        await schema.news(progress("b", 6_000, len(published)))
        await asyncio.sleep(0.02)
    assert max(schema.bus.sizes) == largest
    assert sorted(schema.bus.covered()) == list(range(6_000))


async def test_the_first_chunk_is_small_so_that_calls_begin(make_schema: Any, make_recipe: Any) -> None:
    schema = make_schema(Pace(first=30, chunk=100))
    await schema.submit("b", make_recipe(250, prompt={"template": "Item {{index}}"}))
    await schema.scheduler.start()
    await schema.until(lambda: len(schema.bus.of(PromptPrepared)) == 250)
    assert [size for size in schema.bus.sizes if size > 2] == [30, 100, 100, 20]


async def test_records_are_read_while_the_workers_are_told_of_the_batch(make_schema: Any, make_rows: Any) -> None:
    reads = asyncio.Event()

    class Noticed(Rows):
        async def records(self, *asked: Any) -> list[Any]:
            reads.set()
            return list(await super().records(*asked))

    schema = make_schema(sources={"rows": Noticed()})
    told = schema.bus.publish_many

    async def slow_broker(events: Any, **how: Any) -> None:
        if not schema.bus.of(PromptPrepared):
            await asyncio.wait_for(reads.wait(), 5)  # never, if reading waited for the workers
        await told(events, **how)

    schema.bus.publish_many = slow_broker
    await schema.submit("b", make_rows(10))
    await schema.scheduler.start()
    await schema.until(lambda: len(schema.bus.of(PromptPrepared)) == 10)


async def test_a_small_batch_behind_a_large_one_is_expanded_at_once(make_schema: Any, make_recipe: Any) -> None:
    schema = make_schema(Pace(window=10**9, window_most=10**9, chunk=100))
    await schema.submit("large", make_recipe(100_000, prompt={"template": "{{index}}"}))
    await schema.scheduler.start()
    await schema.until(lambda: len(schema.bus.of(PromptPrepared)) > 500)
    await schema.submit("small", make_recipe(10, prompt={"template": "{{index}}"}))
    await schema.until(lambda: sum(p.batch_id == "small" for p in schema.bus.of(PromptPrepared)) == 10)
    assert len(schema.bus.of(PromptPrepared)) < 90_000


async def test_large_batches_share_what_is_published(make_schema: Any, make_recipe: Any) -> None:
    schema = make_schema(Pace(window=10**9, window_most=10**9, chunk=100))
    for name in ("a", "b", "c"):
        await schema.submit(name, make_recipe(20_000, prompt={"template": "{{index}}"}))
    await schema.scheduler.start()
    await schema.until(lambda: len(schema.bus.of(PromptPrepared)) > 15_000)
    by_batch = [sum(p.batch_id == name for p in schema.bus.of(PromptPrepared)) for name in "abc"]
    assert min(by_batch) > 0.6 * max(by_batch)


async def test_a_paused_batch_stands_still_until_it_is_resumed(make_schema: Any, make_rows: Any) -> None:
    schema = make_schema(Pace(window=200, window_most=200, chunk=100))
    await schema.submit("b", make_rows(1_000))
    await schema.scheduler.start()
    await schema.until(lambda: len(schema.bus.of(PromptPrepared)) == 200)
    await schema.command(BatchPaused(batch_id="b"))
    await schema.until(lambda: states(schema)[-1] == "paused")
    await schema.news(progress("b", 1_000, 200))
    await asyncio.sleep(0.1)
    assert len(schema.bus.of(PromptPrepared)) == 200
    await schema.command(BatchResumed(batch_id="b"))
    await schema.until(lambda: len(schema.bus.of(PromptPrepared)) == 400)
    assert states(schema) == ["running", "paused", "running"]
    assert all(event.plan for event in schema.bus.of(BatchControlled))


async def test_a_cancelled_batch_settles_what_it_never_expanded(make_schema: Any, make_recipe: Any) -> None:
    schema = make_schema(Pace(window=300, window_most=300, chunk=100))
    await schema.submit("b", make_recipe(20_000, prompt={"template": "{{index}}"}))
    await schema.scheduler.start()
    await schema.until(lambda: len(schema.bus.of(PromptPrepared)) == 300)
    await schema.command(BatchCancelled(batch_id="b"))
    await schema.until(lambda: len(schema.bus.covered()) == 20_000)
    ranges = [(r.first, r.count, r.state) for r in schema.bus.of(RangeSettled)]
    assert ranges == [(300, 7_892, "cancelled"), (8_192, 8_192, "cancelled"), (16_384, 3_616, "cancelled")]
    await schema.command(BatchResumed(batch_id="b"))
    await schema.news(completed("b", 20_000))
    await schema.until(lambda: states(schema)[-1] == "finished")
    assert states(schema) == ["running", "cancelled", "finished"]


async def test_a_batch_cancelled_before_it_was_planned_has_no_records(schema: Any, make_rows: Any) -> None:
    await schema.submit("b", make_rows(5))
    await schema.command(BatchCancelled(batch_id="b"))
    await schema.scheduler.start()
    await schema.until(lambda: schema.bus.of(BatchPlanned))
    assert schema.bus.of(BatchPlanned)[0].requested == 0
    assert states(schema) == ["cancelled"]


async def test_a_finished_batch_is_forgotten_by_the_workers_and_comes_back_for_a_retry(
    schema: Any, make_rows: Any
) -> None:
    await schema.submit("b", make_rows(10))
    await schema.scheduler.start()
    await schema.until(lambda: len(schema.bus.of(PromptPrepared)) == 10)
    await schema.news(completed("b", 10))
    await schema.until(lambda: states(schema)[-1] == "finished")
    assert schema.bus.of(BatchControlled)[-1].plan is None
    await schema.news(BatchReopened(batch_id="b", epoch=1, ranges=[(2, 2), (7, 1)]))
    await schema.news(BatchReopened(batch_id="b", epoch=1, ranges=[(9, 1)]))
    await schema.news(BatchReopened(batch_id="b", epoch=1, ranges=[(9, 1)]))
    await schema.until(lambda: len(schema.bus.covered(epoch=1)) == 4)
    again = [prompt for prompt in schema.bus.of(PromptPrepared) if prompt.epoch == 1]
    assert [(p.index, p.record_id) for p in again] == [(2, "r2"), (3, "r3"), (7, "r7"), (9, "r9")]
    await schema.news(completed("b", 10))
    await schema.news(completed("b", 10, epoch=1))
    await schema.until(lambda: states(schema)[-1] == "finished")
    assert states(schema) == ["running", "finished", "running", "finished"]
    assert len(schema.bus.of(BatchPlanned)) == 1


async def test_lost_acknowledgements_repeat_a_chunk_with_the_same_ids(make_schema: Any, make_rows: Any) -> None:
    schema = make_schema(Pace(window=4_000, window_most=4_000, chunk=100))
    await schema.submit("b", make_rows(1_000))
    await schema.scheduler.start()
    await schema.until(lambda: schema.bus.of(PromptPrepared))
    schema.bus.lose_acks = 1
    await schema.until(lambda: len(schema.bus.covered()) == 1_000)
    prompts = schema.bus.of(PromptPrepared)
    assert len(prompts) <= 1_100
    assert all(len(ids) == 1 for ids in schema.bus.covered().values())


async def test_a_broker_that_is_away_is_waited_for(schema: Any, make_rows: Any) -> None:
    schema.bus.down = True
    await schema.submit("b", make_rows(5))
    await schema.scheduler.start()
    await asyncio.sleep(0.05)
    schema.bus.down = False
    await schema.until(lambda: len(schema.bus.covered()) == 5)


async def test_two_replicas_expand_each_batch_once(schema: Any, make_rows: Any) -> None:
    other = schema.replica()
    for number in range(6):
        await schema.submit(f"b{number}", make_rows(50))
    await asyncio.gather(schema.scheduler.start(), other.start())
    await schema.until(lambda: len(schema.bus.of(PromptPrepared)) >= 300)
    await asyncio.sleep(0.05)
    await other.stop()
    assert len(schema.bus.of(PromptPrepared)) == 300


async def test_what_a_stopped_replica_left_is_taken_over_at_once(make_schema: Any, make_rows: Any) -> None:
    schema = make_schema(Pace(window=100, window_most=100, chunk=50))
    other = schema.replica()
    await schema.submit("b", make_rows(200))
    await other.start()
    await schema.until(lambda: len(schema.bus.of(PromptPrepared)) == 100)
    await other.stop()
    await schema.scheduler.start()
    await schema.news(progress("b", 200, 100))
    await schema.until(lambda: len(schema.bus.covered()) == 200)


async def test_a_replica_whose_lease_is_gone_stores_nothing(schema: Any, make_rows: Any) -> None:
    await schema.submit("b", make_rows(5))
    asleep = await schema.runner("b")
    owner = await schema.runner("b")
    await asyncio.wait_for(asleep.run(), 1)
    assert not schema.bus.events
    assert owner.fence == asleep.fence + 1
