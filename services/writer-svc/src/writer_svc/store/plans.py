"""Plans: kept when made, read when applied or undone, forgotten after a month."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from dataclasses import asdict
from typing import Any

from pydantic import TypeAdapter
from shared.database import Database
from shared.events import RecordGenerated
from shared.events.spec import Target as TargetSpec
from sqlalchemy import Connection, Select, delete, select, update

from writer_svc.domain.planning import Bond, Parent, Phase, PlanRow
from writer_svc.store.metadata import insert_new, packed, unpacked
from writer_svc.store.plan_tables import APPROVALS, PLAN_PARENTS, PLAN_ROWS, PLANS

PAGE = 200
KEPT_S = 30 * 86_400.0
"""How long a plan can be applied or undone: it holds values of records."""

_TARGET: TypeAdapter[TargetSpec] = TypeAdapter(TargetSpec)


class StoredPlans:
    """Every method is one transaction, but for the one that gives pages."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock

    async def keep(self, batch_id: str, target: TargetSpec, rows: Sequence[PlanRow]) -> list[PlanRow]:
        """The rows as they are kept: of a record that was planned before, as it was then."""
        plan = {"batch_id": batch_id, "target": _TARGET.dump_json(target).decode(), "made_at": self._clock()}
        lines = [{"batch_id": batch_id, "phase": "planned", **_columns(row)} for row in rows]
        parents = [{"batch_id": batch_id, **_parent_columns(row.parent)} for row in rows if row.parent is not None]
        positions = [row.result.index for row in rows]

        def work(connection: Connection) -> list[PlanRow]:
            insert_new(connection, PLANS, [plan])
            _drop_older(connection, batch_id, rows)
            insert_new(connection, PLAN_ROWS, lines)
            # Of records that share one, the first says what it becomes.
            insert_new(connection, PLAN_PARENTS, parents)
            query = select(PLAN_ROWS).where(PLAN_ROWS.c.batch_id == batch_id, PLAN_ROWS.c.position.in_(positions))
            return _rows(connection, batch_id, query)

        return await self._database.write(work)

    async def approve(self, batch_id: str, epoch: int, *, undo: bool) -> None:
        """Durable when it returns; the same again changes nothing."""
        row = {"batch_id": batch_id, "epoch": epoch, "undo": undo, "done": False}
        await self._database.write(lambda connection: insert_new(connection, APPROVALS, [row]))

    async def open_approvals(self) -> list[tuple[str, int, bool]]:
        """Batch, epoch and whether to undo, in the order of their epochs."""
        query = select(APPROVALS).where(~APPROVALS.c.done).order_by(APPROVALS.c.epoch)
        return await self._database.read(lambda c: [(row.batch_id, row.epoch, row.undo) for row in c.execute(query)])

    async def target(self, batch_id: str) -> TargetSpec | None:
        """Where the batch goes; None where there is no plan, or none any more."""
        query = select(PLANS.c.target).where(PLANS.c.batch_id == batch_id)
        text = await self._database.read(lambda connection: connection.execute(query).scalar_one_or_none())
        return None if text is None else _TARGET.validate_json(text)

    async def rows(self, batch_id: str, phase: Phase) -> AsyncIterator[list[PlanRow]]:
        """Pages of what is in this phase, by index."""
        last = -1
        while True:
            mine = (PLAN_ROWS.c.batch_id == batch_id, PLAN_ROWS.c.phase == phase, PLAN_ROWS.c.position > last)
            query = select(PLAN_ROWS).where(*mine).order_by(PLAN_ROWS.c.position).limit(PAGE)
            page = await self._database.read(lambda c, query=query: _rows(c, batch_id, query))  # type: ignore[misc]
            if page:
                yield page
                last = page[-1].result.index
            if len(page) < PAGE:
                return

    async def settle(self, batch_id: str, rows: Sequence[tuple[PlanRow, Phase, str | None]]) -> None:
        """What became of rows: their phase, the id of a record that was created, and the same of their parents."""
        parents = {row.parent.key: row.parent for row, _, _ in rows if row.parent is not None}

        def work(connection: Connection) -> None:
            for row, phase, crm_id in rows:
                mine = (PLAN_ROWS.c.batch_id == batch_id, PLAN_ROWS.c.position == row.result.index)
                values = {"phase": phase, "crm_id": crm_id or row.crm_id}
                connection.execute(update(PLAN_ROWS).where(*mine).values(**values))
            for key, parent in parents.items():
                of_batch = (PLAN_PARENTS.c.batch_id == batch_id, PLAN_PARENTS.c.key == key)
                values = {"phase": parent.phase, "crm_id": parent.crm_id}
                connection.execute(update(PLAN_PARENTS).where(*of_batch).values(**values))

        await self._database.write(work)

    async def close(self, batch_id: str, epoch: int) -> None:
        """The approval is done."""
        change = update(APPROVALS).where(APPROVALS.c.batch_id == batch_id, APPROVALS.c.epoch == epoch)
        await self._database.write(lambda connection: connection.execute(change.values(done=True)))

    async def forget_old(self) -> None:
        """Plans that nobody can apply or undo any more."""
        old = select(PLANS.c.batch_id).where(PLANS.c.made_at < self._clock() - KEPT_S)

        def work(connection: Connection) -> None:
            ids = list(connection.execute(old).scalars())
            for table in (PLAN_ROWS, PLAN_PARENTS, APPROVALS, PLANS):
                connection.execute(delete(table).where(table.c.batch_id.in_(ids)))

        await self._database.write(work)


def _drop_older(connection: Connection, batch_id: str, rows: Sequence[PlanRow]) -> None:
    """A record that was retried by hand is planned anew."""
    epochs = {row.result.index: row.result.epoch for row in rows if row.result.epoch}
    mine = (PLAN_ROWS.c.batch_id == batch_id, PLAN_ROWS.c.position.in_(list(epochs)))
    kept = _rows(connection, batch_id, select(PLAN_ROWS).where(*mine)) if epochs else []
    older = [row.result.index for row in kept if row.result.epoch < epochs[row.result.index]]
    connection.execute(delete(PLAN_ROWS).where(PLAN_ROWS.c.batch_id == batch_id, PLAN_ROWS.c.position.in_(older)))


def _columns(row: PlanRow) -> dict[str, Any]:
    kept: dict[str, Any] = {
        "result": row.result.model_dump(mode="json", exclude_defaults=True),
        "key": row.key,
        "body": dict(row.body),
        "before": None if row.before is None else dict(row.before),
        "action": row.action,
    }
    if row.parent is not None:
        kept["parent"] = row.parent.key
    if row.bonds:
        kept["bonds"] = [asdict(bond) for bond in row.bonds]
    return {"position": row.result.index, "crm_id": row.crm_id, "row": packed(kept)}


def _parent_columns(parent: Parent) -> dict[str, Any]:
    before = None if parent.before is None else dict(parent.before)
    kept = {"name": parent.name, "body": dict(parent.body), "before": before}
    return {"key": parent.key, "phase": parent.phase, "crm_id": parent.crm_id, "row": packed(kept)}


def _rows(connection: Connection, batch_id: str, query: Select[Any]) -> list[PlanRow]:
    """The rows that `query` finds, with their parents as they are now."""
    found = [(one.crm_id, unpacked(one.row)) for one in connection.execute(query)]
    parents = _parents(connection, batch_id, {kept["parent"] for _, kept in found if "parent" in kept})
    rows: list[PlanRow] = []
    for crm_id, kept in found:
        result = RecordGenerated.model_validate(kept.pop("result"))
        parent = parents.get(kept.pop("parent", None))
        bonds = tuple(Bond(**bond) for bond in kept.pop("bonds", ()))
        rows.append(PlanRow(result=result, crm_id=crm_id, parent=parent, bonds=bonds, **kept))
    return rows


def _parents(connection: Connection, batch_id: str, keys: Iterable[str]) -> dict[str | None, Parent]:
    query = select(PLAN_PARENTS).where(PLAN_PARENTS.c.batch_id == batch_id, PLAN_PARENTS.c.key.in_(list(keys)))
    return {
        one.key: Parent(key=one.key, crm_id=one.crm_id, phase=one.phase, **unpacked(one.row))
        for one in connection.execute(query)
    }
