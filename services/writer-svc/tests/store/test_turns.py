"""Turns in the writer's database, which all replicas share."""

import asyncio
from pathlib import Path

import pytest
from shared.database import Database
from shared.errors import Retryable
from writer_svc.store import leases
from writer_svc.store.turns import LEASE_S, PATIENCE_S, StoredTurns


class Watch:
    """A clock that moves when somebody sleeps."""

    def __init__(self) -> None:
        self.now = 1_000.0

    def __call__(self) -> float:
        return self.now

    async def sleep(self, _: float) -> None:
        self.now += LEASE_S / 4


async def test_work_of_one_name_is_done_one_after_the_other_in_two_processes(
    database: Database, tmp_path: Path
) -> None:
    other = Database(f"sqlite:///{tmp_path / 'writer.sqlite3'}")
    writers = [StoredTurns(one, Watch()) for one in (database, other)]
    inside: list[str] = []
    met: list[str] = []

    async def work(turns: StoredTurns, name: str, me: str) -> None:
        async with turns.turn(name):
            met.extend(f"{me} met {one}" for one in inside if one[0] == me[0])
            inside.append(me)
            await asyncio.sleep(0.01)
            inside.remove(me)

    tasks = [(turns, name) for turns in writers for name in "ab" for _ in range(3)]
    await asyncio.gather(*(work(turns, name, f"{name}{at}") for at, (turns, name) in enumerate(tasks)))
    other.close()
    assert met == []


async def test_the_turn_of_a_writer_that_died_ends_with_its_lease(database: Database) -> None:
    watch = Watch()
    began = watch.now
    await database.write(lambda connection: leases.take(connection, "a", "dead", began, LEASE_S))
    async with StoredTurns(database, watch, sleep=watch.sleep).turn("a"):
        assert watch.now - began >= LEASE_S


async def test_a_turn_that_never_comes_is_for_later(database: Database) -> None:
    watch = Watch()

    async def renew(_: float) -> None:
        await database.write(lambda connection: leases.take(connection, "a", "other", watch.now, LEASE_S))
        watch.now += LEASE_S / 2

    await renew(0.0)
    with pytest.raises(Retryable):
        async with StoredTurns(database, watch, sleep=renew).turn("a"):
            raise AssertionError("two have the turn")
    assert watch.now - 1_000.0 >= PATIENCE_S
