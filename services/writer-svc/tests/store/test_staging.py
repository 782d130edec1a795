"""Results that wait: once each, split into jobs, in the order in which they are sent."""

import asyncio
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shared.database import Database
from shared.events import SalesforceTarget
from sqlalchemy import create_engine
from writer_svc.domain.staging import Job, Staged
from writer_svc.store.bulk_tables import KEPT
from writer_svc.store.kept import note
from writer_svc.store.leases import LeaseLost
from writer_svc.store.staging import BulkStore

TARGET = SalesforceTarget(kind="salesforce", object="Claim__c", external_id="Key__c", field="Summary__c")


@pytest.fixture
def staged(make_result: Callable[..., Any]) -> Callable[..., Staged]:
    def staged(index: int, text: str = "t", key: str | None = None, parent: str = "", **other: Any) -> Staged:
        key = key or f"k{index}"
        return Staged(make_result(index, text, **other), key, parent, f"{key},{text}")

    return staged


async def texts(store: BulkStore, job: Job) -> list[str | None]:
    return [one.result().answer async for page in store.results(job, page=3) for one in page]


async def test_the_first_text_of_a_record_is_kept_and_a_retry_by_hand_is_another(
    database: Database, staged: Callable[..., Staged]
) -> None:
    store = BulkStore(database, lambda: 1.0)
    await store.keep("b", TARGET, [staged(0, "first"), staged(1, "one")])
    await store.keep("b", TARGET, [staged(0, "second"), staged(0, "by hand", epoch=1)])
    (job,) = await store.open_jobs()
    assert job.rows == 3
    assert sorted(text or "" for text in await texts(store, job)) == ["by hand", "first", "one"]


@pytest.mark.parametrize("limits", [{"rows": 4}, {"size": 4 * len("k0,t\n")}])
async def test_a_full_job_is_closed_and_the_next_begins(
    database: Database, staged: Callable[..., Staged], limits: dict[str, int]
) -> None:
    store = BulkStore(database, lambda: 1.0, **limits)
    for start in range(0, 10, 2):
        await store.keep("b", TARGET, [staged(start), staged(start + 1)])
    assert [(job.rows, job.phase) for job in await store.open_jobs()] == [(4, "due"), (4, "due"), (2, "collecting")]
    assert await store.kept("b") == 10


async def test_records_of_one_parent_and_results_of_one_record_lie_together(
    database: Database, staged: Callable[..., Staged]
) -> None:
    store = BulkStore(database, lambda: 1.0)
    rows = [
        staged(0, "c", "k1", "p2"),
        staged(1, "a", "k2", "p1"),
        staged(2, "d", "k1", "p2"),
        staged(3, "b", "k3", "p1"),
    ]
    await store.keep("b", TARGET, rows)
    (job,) = await store.open_jobs()
    assert [line async for page in store.lines(job) for line in page] == [
        ("k2", "k2,a"),
        ("k3", "k3,b"),
        ("k1", "k1,c"),
        ("k1", "k1,d"),
    ]


async def test_what_is_settled_waits_no_more_and_is_not_kept_again(
    database: Database, staged: Callable[..., Staged]
) -> None:
    store = BulkStore(database, lambda: 1.0)
    await store.keep("b", TARGET, [staged(index) for index in range(5)])
    (job,) = await store.open_jobs()
    found = await store.find(job, ["k1", "k3", "nobody"])
    assert sorted(one.key for one in found) == ["k1", "k3"]
    await store.settle(job, found)
    await store.settle(job, found)
    await store.keep("b", TARGET, [staged(1, "again")])
    assert (await store.unsettled(job), await store.staged()) == (3, {"b": 3})
    await store.forget("b")
    assert (await store.open_jobs(), await store.staged()) == ([], {})


async def test_groups_that_come_together_are_kept_together_and_fill_job_after_job(
    database: Database, staged: Callable[..., Staged]
) -> None:
    store = BulkStore(database, lambda: 1.0, rows=30)
    groups = [[staged(index) for index in range(start, start + 7)] for start in range(0, 91, 7)]
    await asyncio.gather(*(store.keep("b", TARGET, group) for group in [*groups, *groups]))
    await store.keep("c", TARGET, [staged(0)])
    jobs = await store.open_jobs()
    assert [(job.batch_id, job.rows) for job in jobs] == [("b", 30), ("b", 30), ("b", 30), ("b", 1), ("c", 1)]
    kept = [one.result().index for job in jobs[:4] async for page in store.results(job, page=10) for one in page]
    assert sorted(kept) == list(range(91))


async def test_a_group_that_stops_waiting_does_not_take_the_others_with_it(
    database: Database, staged: Callable[..., Staged]
) -> None:
    store = BulkStore(database, lambda: 1.0)
    first, second = (asyncio.create_task(store.keep("b", TARGET, [staged(index)])) for index in range(2))
    await asyncio.sleep(0)
    first.cancel()
    await second
    assert await store.kept("b") == 2


@settings(deadline=None, max_examples=30)
@given(st.lists(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 20_000)), max_size=20), max_size=5))
def test_each_place_is_new_once(groups: list[list[tuple[int, int]]]) -> None:
    engine = create_engine("sqlite://")
    KEPT.create(engine)
    with engine.begin() as connection:
        told = [
            (place, new) for group in groups for place, new in zip(group, note(connection, "b", group), strict=True)
        ]
    seen: set[tuple[int, int]] = set()
    for place, new in told:
        assert new is (place not in seen)
        seen.add(place)


async def test_a_job_is_one_replicas_and_what_was_overtaken_changes_nothing(
    database: Database, staged: Callable[..., Staged]
) -> None:
    now = [0.0]
    mine, other = BulkStore(database, lambda: now[0]), BulkStore(database, lambda: now[0])
    await mine.keep("b", TARGET, [staged(0)])
    (job,) = await mine.open_jobs()
    fence = await mine.take(job)
    assert fence is not None
    assert await other.take(job) is None
    assert (await mine.move(job, fence, phase="uploading", crm_id="750")).crm_id == "750"
    now[0] = 60.0
    assert await other.take(job) is not None
    with pytest.raises(LeaseLost):
        await mine.move(job, fence, phase="ended")


async def test_a_job_that_was_forgotten_is_nobodys(database: Database, staged: Callable[..., Staged]) -> None:
    store = BulkStore(database, lambda: 0.0)
    await store.keep("b", TARGET, [staged(0)])
    (job,) = await store.open_jobs()
    fence = await store.take(job)
    await store.forget("b")
    with pytest.raises(LeaseLost):
        await store.move(job, fence or 0, phase="ended")


async def test_batches_that_wait_for_room_are_remembered(database: Database) -> None:
    store = BulkStore(database, lambda: 1.0)
    await store.hold("a")
    await store.hold("a")
    await store.hold("b")
    await store.let_go("b")
    assert await BulkStore(database, lambda: 1.0).held() == {"a"}
