"""What is remembered, on both databases."""

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from schema_svc.app import MIGRATIONS
from schema_svc.domain.batch import LeaseLost
from schema_svc.store import BatchStore, StoredSnapshot
from shared.database import Database
from shared.events import BatchSpec
from shared.settings import DatabaseSettings


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
async def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    given = os.environ["DATABASE_URL"] if request.param == "postgresql" else None
    settings = DatabaseSettings.model_validate({"database_url": given, "data": tmp_path})
    return settings.url_for("schema-svc")


@pytest.fixture
async def stores(url: str) -> AsyncIterator[list[BatchStore]]:
    """Two replicas of the service."""
    databases = [Database(url), Database(url)]
    await asyncio.gather(*(asyncio.to_thread(d.migrate, "schema-svc", MIGRATIONS) for d in databases[:1]))
    yield [BatchStore(database) for database in databases]
    for database in databases:
        database.close()


@pytest.fixture
def batch_id() -> str:
    return uuid4().hex


async def claimed(store: BatchStore, owner: str, now: float, batch_ids: set[str]) -> dict[str, int]:
    standings = await store.claim(owner, now, 10.0)
    return {s.batch_id: s.fence for s in standings if s.batch_id in batch_ids}


async def test_replicas_that_claim_at_once_divide_the_batches(stores: list[BatchStore], make_rows: Any) -> None:
    batch_ids = {uuid4().hex for _ in range(20)}
    spec = BatchSpec.model_validate(make_rows(1))
    for batch_id in batch_ids:
        await stores[0].submit(batch_id, spec, None, 1.0)
    first, second = await asyncio.gather(*(claimed(s, f"o{n}", 100.0, batch_ids) for n, s in enumerate(stores)))
    assert first.keys() | second.keys() == batch_ids
    assert not first.keys() & second.keys()


async def test_a_lease_is_renewed_by_its_owner_and_taken_by_others_when_it_is_over(
    stores: list[BatchStore], make_rows: Any, batch_id: str
) -> None:
    await stores[0].submit(batch_id, BatchSpec.model_validate(make_rows(1)), None, 1.0)
    mine = {batch_id}
    owner, other = uuid4().hex, uuid4().hex
    fence = (await claimed(stores[0], owner, 1_000.0, mine))[batch_id]
    assert await claimed(stores[0], owner, 1_009.0, mine) == {batch_id: fence}
    assert await claimed(stores[1], other, 1_015.0, mine) == {}
    assert await claimed(stores[1], other, 1_020.0, mine) == {batch_id: fence + 1}
    for late in (
        stores[0].planned(batch_id, fence, 1),
        stores[0].announced(batch_id, fence, "running"),
        stores[0].standing(batch_id, fence),
    ):
        with pytest.raises(LeaseLost):
            await late


async def test_a_cursor_moves_once(stores: list[BatchStore], make_rows: Any, batch_id: str) -> None:
    store = stores[0]
    await store.submit(batch_id, BatchSpec.model_validate(make_rows(5)), "tp", 1.0)
    fence = (await claimed(store, uuid4().hex, 5_000.0, {batch_id}))[batch_id]
    await store.planned(batch_id, fence, 5)
    (share,) = (await store.standing(batch_id, fence)).shares
    await store.advance(batch_id, fence, share, 3, announced="running")
    with pytest.raises(LeaseLost):
        await store.advance(batch_id, fence, share, 3, announced="running")
    assert (await store.standing(batch_id, fence)).unexpanded == 2
    assert (await store.spec(batch_id))[1] == "tp"


async def test_what_is_late_or_comes_twice_changes_nothing(
    stores: list[BatchStore], make_rows: Any, batch_id: str
) -> None:
    store = stores[0]
    spec = BatchSpec.model_validate(make_rows(5, prompt={"template": "{{label}} \0"}))
    assert await store.submit(batch_id, spec, None, 1.0)
    assert not await store.submit(batch_id, spec, None, 1.0)
    fence = (await claimed(store, uuid4().hex, 9_000.0, {batch_id}))[batch_id]
    await store.planned(batch_id, fence, 5)
    for settled in (2, 4, 3):
        await store.progressed(batch_id, settled)
    assert (await store.standing(batch_id, fence)).settled == 4
    await store.order(batch_id, "cancel")
    await store.order(batch_id, "resume")
    assert (await store.standing(batch_id, fence)).state == "cancelled"
    await store.completed(batch_id, 0)
    assert (await store.standing(batch_id, fence)).phase == "ready", "five records are not expanded"
    await store.refused(batch_id, fence, "why \0 not")
    assert (await store.standing(batch_id, fence)).reason == "why  not"


@pytest.mark.parametrize(
    ("orders", "state"),
    [
        ("writer pause, writer resume", "running"),
        ("writer pause, person pause, writer resume", "paused"),
        ("person pause, writer pause, writer resume", "paused"),
        ("person pause, writer resume", "paused"),
        ("writer pause, person resume", "running"),
        ("person pause, writer pause, person resume", "running"),
        ("person pause, writer pause, writer resume, person resume", "running"),
        ("person pause, writer pause, person cancel, person resume", "cancelled"),
    ],
)
async def test_a_persons_pause_outlives_the_writers(
    stores: list[BatchStore], make_rows: Any, batch_id: str, orders: str, state: str
) -> None:
    store = stores[0]
    await store.submit(batch_id, BatchSpec.model_validate(make_rows(1)), None, 1.0)
    fence = (await claimed(store, uuid4().hex, 9_000.0, {batch_id}))[batch_id]
    await store.planned(batch_id, fence, 1)
    for said in orders.split(", "):
        who, order = said.split()
        await store.order(batch_id, order, by_writer=who == "writer")
    assert (await store.standing(batch_id, fence)).state == state


async def test_ids_are_found_by_their_index_across_parts(stores: list[BatchStore], batch_id: str) -> None:
    snapshot = StoredSnapshot(stores[0].database, batch_id)
    await snapshot.add_ids(0, ["lost"])
    await snapshot.clear_ids()
    ids = [f"id{number}" for number in range(4_500)]
    for first in range(0, 4_500, 2_000):
        await snapshot.add_ids(first, ids[first : first + 2_000])
    assert await snapshot.ids(1_990, 2_100) == ids[1_990:4_090]
    assert await snapshot.ids(4_499, 1) == ["id4499"]


async def test_until_it_is_planned_the_latest_rows_of_a_part_count(stores: list[BatchStore], batch_id: str) -> None:
    store = stores[0]
    await store.attach(batch_id, 0, [{"id": "of a request that failed half-way"}])
    await store.attach(batch_id, 0, [{"id": "a"}, {"id": "b"}])
    snapshot = StoredSnapshot(store.database, batch_id)
    assert await snapshot.number_rows() == 2
    await store.attach(batch_id, 0, [{"id": "too late"}])
    assert await snapshot.rows(0, 2) == [{"id": "a"}, {"id": "b"}]
