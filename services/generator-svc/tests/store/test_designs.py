"""Stored designs: first one stays, one designs at a time, batches' designs are forgotten in time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import generator_svc
import pytest
from generator_svc.store.designs import StoredDesigns
from shared.database import Database

MIGRATIONS = Path(generator_svc.__file__).with_name("migrations")


class Now:
    seconds = 1_000_000.0

    def __call__(self) -> float:
        return self.seconds


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    made = Database(f"sqlite:///{tmp_path / 'generator.sqlite3'}")
    made.migrate("generator-svc", MIGRATIONS)
    yield made
    made.close()


async def test_the_first_design_of_a_key_stays(database: Database) -> None:
    designs = StoredDesigns(database, Now())
    assert await designs.find("k") is None
    assert await designs.keep("k", {"a": "name"}) == {"a": "name"}
    assert await designs.keep("k", {"b": "city"}) == {"a": "name"}
    assert await StoredDesigns(database, Now()).find("k") == {"a": "name"}


async def test_one_designs_at_a_time_and_a_dead_ones_claim_ends(database: Database) -> None:
    now = Now()
    one, other = StoredDesigns(database, now), StoredDesigns(database, now)
    assert await one.claim("k", 60)
    assert not await other.claim("k", 60)
    await one.release("k")
    assert await other.claim("k", 60)
    now.seconds += 61
    assert await one.claim("k", 60)
    assert not await other.claim("k", 60)


async def test_what_old_batches_were_made_of_is_forgotten_but_no_models_design(database: Database) -> None:
    now = Now()
    designs = StoredDesigns(database, now)
    await designs.keep("k", {"a": "name"})
    await designs.keep("batch:1", {"a": "name"})
    now.seconds += 8 * 86_400
    await designs.keep("batch:2", {"a": "name"})
    await designs.forget(7)
    assert await designs.find("batch:1") is None
    assert await designs.find("batch:2") is not None
    assert await designs.find("k") is not None
