"""One owner at a time, and what an owner that was overtaken can no longer do."""

import pytest
from shared.database import Database
from writer_svc.store import leases


async def take(database: Database, owner: str, now: float) -> int | None:
    return await database.write(lambda connection: leases.take(connection, "work", owner, now, 10.0))


async def test_a_lease_is_one_owners_until_it_runs_out(database: Database) -> None:
    first = await take(database, "a", 0.0)
    assert first is not None
    assert await take(database, "b", 5.0) is None
    assert await take(database, "a", 5.0) == first, "renewed"
    assert await take(database, "b", 14.0) is None
    second = await take(database, "b", 15.1)
    assert second is not None
    assert second > first


async def test_what_was_overtaken_can_store_nothing(database: Database) -> None:
    first = await take(database, "a", 0.0)
    second = await take(database, "b", 11.0)
    assert first is not None
    assert second is not None
    with pytest.raises(leases.LeaseLost):
        await database.write(lambda connection: leases.hold(connection, "work", first))
    await database.write(lambda connection: leases.hold(connection, "work", second))


async def test_an_owner_whose_lease_ran_out_begins_anew(database: Database) -> None:
    first = await take(database, "a", 0.0)
    assert first is not None
    again = await take(database, "a", 11.0)
    assert again is not None
    assert again > first


async def test_a_lease_that_was_given_back_is_free_at_once(database: Database) -> None:
    await take(database, "a", 0.0)
    await database.write(lambda connection: leases.give_back(connection, "work", "a"))
    assert await take(database, "b", 0.1) is not None
