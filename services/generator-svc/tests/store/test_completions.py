"""The completion cache on a real database file."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from generator_svc.app import MIGRATIONS
from generator_svc.domain.completion_cache import Stored
from generator_svc.store.completions import DAY_S, StoredCompletions
from shared.database import Database


class Wall:
    """Unix time set by hand."""

    def __init__(self) -> None:
        self.now = 1_000_000.0

    def __call__(self) -> float:
        return self.now


def opened(folder: Path, wall: Wall | None = None) -> tuple[Database, StoredCompletions]:
    database = Database(f"sqlite:///{folder / 'generator.sqlite3'}")
    database.migrate("generator-svc", MIGRATIONS)
    return database, StoredCompletions(database, wall or Wall())


def stored(number: int, batch_id: str = "b", answer: str = "naïve 患者") -> Stored:
    return Stored(f"{number:064x}", batch_id, "openai", "m", answer, 3, 2, 0.25, 1)


async def test_a_kept_completion_survives_a_restart(tmp_path: Path) -> None:
    database, completions = opened(tmp_path)
    await completions.keep(stored(1))
    database.close()
    database, completions = opened(tmp_path)
    assert await completions.find([stored(1).key, "other"]) == {stored(1).key: stored(1)}
    database.close()


async def test_the_first_completion_of_a_key_stays(tmp_path: Path) -> None:
    database, completions = opened(tmp_path)
    await completions.keep(stored(1, answer="first"))
    await completions.keep(stored(1, answer="second"))
    assert (await completions.find([stored(1).key]))[stored(1).key].answer == "first"
    database.close()


async def test_many_at_once_share_a_few_transactions(tmp_path: Path) -> None:
    database, completions = opened(tmp_path)
    await asyncio.gather(*(completions.keep(stored(number)) for number in range(1_200)))
    found = await asyncio.gather(*(completions.find([stored(number).key]) for number in range(1_200)))
    assert all(len(one) == 1 for one in found)
    assert await completions.spent_usd("b") == pytest.approx(300.0)
    database.close()


async def test_completions_are_forgotten_days_after_their_batch_is_finished(tmp_path: Path) -> None:
    wall = Wall()
    database, completions = opened(tmp_path, wall)
    for number, batch_id in enumerate(("done", "running", "again")):
        await completions.keep(stored(number, batch_id))
    for batch_id in ("done", "again", "unheard of"):
        completions.mark(batch_id, finished=True)
    await completions.idle()
    completions.mark("again", finished=False)
    await completions.idle()
    wall.now += 7.5 * DAY_S
    assert await completions.forget(8) == 0
    assert await completions.forget(7) == 1
    assert not await completions.find([stored(0).key])
    assert len(await completions.find([stored(1).key, stored(2).key])) == 2
    database.close()
