"""Answers and uploads in the database."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from shared.database import Database
from shared.settings import DatabaseSettings
from sqlalchemy import create_engine, text
from writer_svc.app import MIGRATIONS
from writer_svc.domain.uploads import Kept, Waiting
from writer_svc.store.leases import LeaseLost
from writer_svc.store.uploads import PAGE, UploadStore

D = "Structured_Response"


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """Both kinds of database, with tables of the test's own."""
    url, schema = f"sqlite:///{tmp_path / 'writer.sqlite3'}", f"writer_{uuid4().hex}"
    if request.param == "postgresql":
        given = DatabaseSettings(database_url=os.environ["DATABASE_URL"]).url_for("writer-svc")
        with create_engine(given).begin() as connection:
            connection.execute(text(f"CREATE SCHEMA {schema}"))
        url = f"{given}{'&' if '?' in given else '?'}options=-csearch_path%3D{schema}"
    database = Database(url)
    database.migrate("writer-svc", MIGRATIONS)
    yield database
    database.close()


class Clock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def store(database: Database, clock: Clock) -> UploadStore:
    return UploadStore(database, clock)


async def all_of(pages: Any) -> list[Kept]:
    return [kept async for page in pages for kept in page]


async def test_an_answer_that_comes_again_is_kept_once_and_the_first_text_wins(
    store: UploadStore, make_result: Any
) -> None:
    await store.keep(D, [Kept(make_result(0, "first"), "B")])
    await store.keep(D, [Kept(make_result(0, "second"), "B"), Kept(make_result(1, None, values={"a": 1}), "B")])
    kept = await all_of(store.unclaimed("b"))
    assert [one.result.answer for one in kept] == ["first", None]
    assert [one.result for one in kept] == [make_result(0, "first"), make_result(1, None, values={"a": 1})]
    (waiting,) = await store.waiting(D)
    assert waiting == Waiting("b", records=2, unsettled=2, since=100.0, pending=None)


async def test_a_settled_answer_that_comes_again_waits_for_nothing(store: UploadStore, make_result: Any) -> None:
    await store.keep(D, [Kept(make_result(0), "B")])
    await store.settle([make_result(0)])
    await store.keep(D, [Kept(make_result(0), "B")])
    assert await store.waiting(D) == []
    await store.keep(D, [Kept(make_result(0, epoch=1), "B")])
    assert [one.records for one in await store.waiting(D)] == [1], "a retry by hand is another answer"


async def test_an_upload_takes_what_waits_of_its_batches_up_to_its_limit(store: UploadStore, make_result: Any) -> None:
    await store.keep(D, [Kept(make_result(i, batch_id=name), "B") for name in "xyz" for i in range(4)])
    fence = await store.take(D)
    assert fence is not None
    upload = await store.open(D, fence, ["x", "z"], 6)
    assert upload.records == 6
    assert len(await all_of(store.answers(upload))) == 6
    left = {one.batch_id: (one.records, one.unsettled) for one in await store.waiting(D)}
    assert left == {"x": (0, 4), "y": (4, 4), "z": (2, 4)}
    assert await store.unfinished(D) == upload
    await store.move(upload, fence, phase="ended")
    assert await store.unfinished(D) is None
    assert await store.begun(D, 99.0) == [100.0]
    assert await store.begun(D, 101.0) == []


async def test_more_answers_than_a_page_come_whole_and_in_the_same_order(store: UploadStore, make_result: Any) -> None:
    await store.keep(D, [Kept(make_result(i), "B") for i in reversed(range(PAGE + 1))])
    assert [one.result.index for one in await all_of(store.unclaimed("b"))] == list(range(PAGE + 1))


async def test_whoever_lost_the_lease_changes_nothing(database: Database, clock: Clock, make_result: Any) -> None:
    first, second = UploadStore(database, clock), UploadStore(database, clock)
    await first.keep(D, [Kept(make_result(0), "B")])
    fence = await first.take(D)
    assert fence is not None
    assert await second.take(D) is None
    upload = await first.open(D, fence, ["b"], 10)
    clock.now += 60
    assert await second.take(D) is not None
    with pytest.raises(LeaseLost):
        await first.move(upload, fence, phase="processing")
    with pytest.raises(LeaseLost):
        await first.open(D, fence, ["b"], 10)
    assert await second.unfinished(D) == upload


async def test_the_gateways_word_is_kept_by_batch(store: UploadStore, make_result: Any) -> None:
    await store.keep(D, [Kept(make_result(0), "B")])
    for pending in (5, 3):
        await store.note_pending("b", pending)
    assert [one.pending for one in await store.waiting(D)] == [3]


async def test_what_was_settled_long_ago_is_forgotten(store: UploadStore, clock: Clock, make_result: Any) -> None:
    await store.keep(D, [Kept(make_result(0), "B"), Kept(make_result(1), "B")])
    await store.note_pending("b", 1)
    await store.settle([make_result(0)])
    clock.now = 300.0
    await store.forget_settled(200.0)
    await store.keep(D, [Kept(make_result(0), "B")])
    assert [(one.records, one.pending) for one in await store.waiting(D)] == [(2, 1)]
