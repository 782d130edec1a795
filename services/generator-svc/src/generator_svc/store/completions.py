"""The completion cache in SQL: what was paid for survives a crash."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from shared.database import Database
from shared.errors import Retryable
from shared.grouped import Grouped
from sqlalchemy import Connection, bindparam, delete, exists, func, literal, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError

from generator_svc.domain.completion_cache import Stored
from generator_svc.store.tables import completions, finished_batches

LINGER_S = 0.025
"""Writes wait so long for company: at a thousand completions a second a transaction each would take a core. The call's
slot is free already; only the record's own result waits.
"""

FIND_LINGER_S = 0.002
"""Look-ups wait less: a prompt that somebody waits for begins with one."""

DAY_S = 86_400

# Put together once: that takes longer than to execute them.
_NAMED = select(completions).where(completions.c.key.in_(bindparam("keys", expanding=True)))
_NEW = {
    "sqlite": sqlite.insert(completions).on_conflict_do_nothing(),
    "postgresql": postgresql.insert(completions).on_conflict_do_nothing(),
}


class StoredCompletions:
    """Look-ups and writes of many records share statements and transactions."""

    def __init__(self, database: Database, now: Callable[[], float]) -> None:
        """`now` gives Unix seconds."""
        self._database = database
        self._now = now
        self._finds: Grouped[Sequence[str], dict[str, Stored]] = Grouped(self._find, linger_s=FIND_LINGER_S)
        self._keeps: Grouped[Stored, None] = Grouped(self._keep, linger_s=LINGER_S)
        self._finishes: Grouped[tuple[str, bool], None] = Grouped(self._finish, linger_s=0.05)

    async def find(self, keys: Sequence[str]) -> dict[str, Stored]:
        """Those that are there, by key."""
        return await self._finds.do(keys)

    async def keep(self, completion: Stored, *, alone: bool = False) -> None:
        """Returns when it is durable; the first completion of a key stays."""
        await self._keeps.do(completion, alone=alone)

    def mark(self, batch_id: str, *, finished: bool) -> None:
        """Retention counts from when a batch is finished; one that runs again is not."""
        self._finishes.post((batch_id, finished))

    async def spent_usd(self, batch_id: str) -> float:
        """What the kept completions of a batch cost."""
        total = select(func.coalesce(func.sum(completions.c.cost_usd), 0.0)).where(completions.c.batch_id == batch_id)
        return float(await self._database.read(lambda connection: connection.execute(total).scalar_one()))

    async def forget(self, days: float) -> int:
        """Delete the completions of batches that have been finished for so many days; how many there were."""
        limit = int(self._now() - days * DAY_S)
        return await self._database.write(lambda connection: _forget(connection, limit))

    async def idle(self) -> None:
        """Returns when everything asked for is done."""
        for group in (self._finds, self._keeps, self._finishes):
            await group.idle()

    async def _find(self, asked: list[Sequence[str]]) -> list[dict[str, Stored]]:
        keys = [key for some in asked for key in some]
        try:
            found = await self._database.read(lambda connection: _select(connection, keys))
        except DBAPIError as error:
            raise _unreachable() from error
        return [{key: found[key] for key in some if key in found} for some in asked]

    async def _keep(self, group: list[Stored]) -> list[None]:
        try:
            await self._database.write(lambda connection: _insert(connection, group))
        except DBAPIError as error:
            raise _unreachable() from error
        return [None] * len(group)

    async def _finish(self, group: list[tuple[str, bool]]) -> list[None]:
        now = int(self._now())
        await self._database.write(lambda connection: _mark(connection, dict(group), now))
        return [None] * len(group)


def _select(connection: Connection, keys: list[str]) -> dict[str, Stored]:
    rows = connection.execute(_NAMED, {"keys": keys})
    return {row.key: Stored(**row._mapping) for row in rows}


def _insert(connection: Connection, group: list[Stored]) -> None:
    connection.execute(_NEW[connection.dialect.name], [completion._asdict() for completion in group])


def _mark(connection: Connection, finished: dict[str, bool], now: int) -> None:
    running = [batch_id for batch_id, is_finished in finished.items() if not is_finished]
    if running:
        connection.execute(delete(finished_batches).where(finished_batches.c.batch_id.in_(running)))
    for batch_id in (batch_id for batch_id, is_finished in finished.items() if is_finished):
        # Only batches that have something to forget: the control topic repeats all finished ones at every start.
        with_completions = exists().where(completions.c.batch_id == batch_id)
        rows = select(literal(batch_id), literal(now)).where(with_completions)
        statement = _unless_there(connection, finished_batches).from_select(["batch_id", "finished_at"], rows)
        connection.execute(statement)


def _forget(connection: Connection, finished_before: int) -> int:
    old = select(finished_batches.c.batch_id).where(finished_batches.c.finished_at < finished_before)
    deleted = connection.execute(delete(completions).where(completions.c.batch_id.in_(old)))
    connection.execute(delete(finished_batches).where(finished_batches.c.finished_at < finished_before))
    return deleted.rowcount


def _unless_there(connection: Connection, table: Any) -> Any:
    insert = postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert
    return insert(table).on_conflict_do_nothing()


def _unreachable() -> Retryable:
    return Retryable("the completion cache cannot be reached", category="unknown")
