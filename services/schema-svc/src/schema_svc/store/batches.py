"""Batches: what was ordered, how far they are, and who expands them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from shared.database import Database
from shared.events import BatchSpec
from sqlalchemy import ColumnElement, Connection, Update, and_, bindparam, case, or_, select, update

from schema_svc.domain.batch import LeaseLost, Order, Share, Standing, after
from schema_svc.domain.ranges import Range, Ranges
from schema_svc.store import cursors, standings
from schema_svc.store.tables import BATCHES, ROWS, SHARES, insert_new, packed, put_unless, unpacked

ROWS_PER_PART = 500
"""Inline rows are kept in parts of the size in which they are expanded."""

# Statements of every chunk are put together once: that takes longer than to execute them.
_HELD = update(BATCHES).where(BATCHES.c.batch_id == bindparam("held_batch"), BATCHES.c.fence == bindparam("held_fence"))
_PLANNED = _HELD.values(phase="ready", requested=bindparam("new_requested"))
_REFUSED = _HELD.values(phase="refused", reason=bindparam("new_reason"))
_LAST_WORD = and_(BATCHES.c.phase == bindparam("new_announced"), BATCHES.c.phase.in_(["refused", "finished"]))
_ANNOUNCED = _HELD.values(announced=bindparam("new_announced"), open=case((_LAST_WORD, False), else_=BATCHES.c.open))
_MOVED = (
    update(SHARES)
    .where(
        SHARES.c.batch_id == bindparam("share_batch"),
        SHARES.c.epoch == bindparam("share_epoch"),
        SHARES.c.first == bindparam("share_first"),
        SHARES.c.cursor == bindparam("old_cursor"),
    )
    .values(cursor=bindparam("new_cursor"))
)


class BatchStore:
    """Every method is one transaction. Those with a `fence` raise `LeaseLost` when another replica has the batch; what
    they change they answer with, so that nobody has to look again.
    """

    def __init__(self, database: Database) -> None:
        self.database = database

    async def submit(self, batch_id: str, spec: BatchSpec, traceparent: str | None, now: float) -> bool:
        """Remember a batch; whether it was new. The same batch submitted twice is one batch."""
        content = spec.model_dump(mode="json")
        rows: list[dict[str, Any]] = []
        if content["source"]["kind"] == "rows" and not content["source"]["parts"]:
            rows, content["source"]["rows"] = content["source"]["rows"], []
            content["source"]["parts"] = -(-len(rows) // ROWS_PER_PART)
        blob = packed(content)

        def work(connection: Connection) -> bool:
            new = insert_new(
                connection, BATCHES, batch_id=batch_id, spec=blob, traceparent=traceparent, submitted_at=now
            )
            for part in range(0, len(rows) if new else 0, ROWS_PER_PART):
                piece = rows[part : part + ROWS_PER_PART]
                _attach(connection, batch_id, part // ROWS_PER_PART, piece)
            return new

        return await self.database.write(work)

    async def attach(self, batch_id: str, part: int, rows: list[dict[str, Any]]) -> None:
        """Remember some rows of a batch that is submitted next."""
        await self.database.write(lambda connection: _attach(connection, batch_id, part, rows))

    async def order(self, batch_id: str, order: Order, *, by_writer: bool = False) -> None:
        """Pause, resume or cancel."""
        wanted = after(order, by_writer=by_writer)
        change = (
            update(BATCHES)
            .where(BATCHES.c.batch_id == batch_id, BATCHES.c.wanted.in_(list(wanted)))
            .where(BATCHES.c.phase.in_(["planning", "ready"]))
            .values(wanted=case(wanted, value=BATCHES.c.wanted))
        )
        await self.database.write(lambda connection: connection.execute(change))

    async def progressed(self, batch_id: str, settled: int) -> None:
        """So many records have their verdict. An older report, delivered again, changes nothing."""
        change = (
            update(BATCHES)
            .where(BATCHES.c.batch_id == batch_id, BATCHES.c.settled < settled, BATCHES.c.phase == "ready")
            .values(settled=settled)
        )
        await self.database.write(lambda connection: connection.execute(change))

    async def staged(self, batch_id: str, staged: int) -> None:
        """The writer keeps so many results for a large write."""
        change = update(BATCHES).where(BATCHES.c.batch_id == batch_id).values(staged=staged)
        await self.database.write(lambda connection: connection.execute(change))

    async def completed(self, batch_id: str, epoch: int, *, in_full: bool = True) -> None:
        """Every record has its verdict; unless a later epoch has been opened meanwhile, the batch is finished.

        `in_full`: and was not cancelled. Then the next batch continues where this one ended.
        """
        later = select(SHARES.c.epoch).where(
            SHARES.c.batch_id == batch_id, or_(SHARES.c.epoch > epoch, SHARES.c.cursor < SHARES.c.total)
        )
        change = (
            update(BATCHES)
            .where(BATCHES.c.batch_id == batch_id, BATCHES.c.phase == "ready", ~later.exists())
            .values(phase="finished", settled=BATCHES.c.requested)
        )

        def work(connection: Connection) -> None:
            if connection.execute(change).rowcount == 1 and in_full:
                cursors.finish(connection, batch_id)

        await self.database.write(work)

    async def reopen(self, batch_id: str, epoch: int, ranges: Sequence[Range]) -> None:
        """Records of `ranges` are pending again; they are expanded under `epoch`."""
        share = Ranges(ranges)
        wanted = case((BATCHES.c.wanted == "cancelled", "cancelled"), else_="running")
        change = (
            update(BATCHES)
            .where(BATCHES.c.batch_id == batch_id, BATCHES.c.phase.in_(["ready", "finished"]))
            .values(
                wanted=case((BATCHES.c.phase == "finished", wanted), else_=BATCHES.c.wanted),
                phase="ready",
                open=True,
                settled=case((BATCHES.c.settled > share.total, BATCHES.c.settled - share.total), else_=0),
            )
        )

        def work(connection: Connection) -> None:
            known = select(BATCHES.c.batch_id).where(
                BATCHES.c.batch_id == batch_id, BATCHES.c.phase.in_(["ready", "finished"])
            )
            if not share.total or connection.execute(known).first() is None:
                return
            if _open_share(connection, batch_id, epoch, share):
                connection.execute(change)

        await self.database.write(work)

    async def claim(self, owner: str, now: float, lease_s: float) -> list[Standing]:
        """Renew the leases of `owner`, take those that nobody holds, and say how all of these batches stand."""
        mine = and_(BATCHES.c.open, BATCHES.c.lease_owner == owner, BATCHES.c.lease_until >= now)
        free = and_(BATCHES.c.open, BATCHES.c.lease_until < now)

        def work(connection: Connection) -> list[Standing]:
            connection.execute(update(BATCHES).where(mine).values(lease_until=now + lease_s))
            # Two replicas may choose the same row: the second waits for the first and then finds its condition false.
            taken = update(BATCHES).where(free)
            connection.execute(taken.values(lease_owner=owner, lease_until=now + lease_s, fence=BATCHES.c.fence + 1))
            return standings.of_owner(connection, owner)

        return await self.database.write(work)

    async def release(self, owner: str) -> None:
        """Give all leases back, so that another replica goes on at once."""
        change = update(BATCHES).where(BATCHES.c.lease_owner == owner).values(lease_until=0.0)
        await self.database.write(lambda connection: connection.execute(change))

    async def standing(self, batch_id: str, fence: int) -> Standing:
        """How a batch stands now."""

        return await self.database.read(lambda connection: standings.one(connection, batch_id, fence))

    async def spec(self, batch_id: str) -> tuple[BatchSpec, str | None]:
        """What was ordered, and the trace it was ordered in."""
        query = select(BATCHES.c.spec, BATCHES.c.traceparent).where(BATCHES.c.batch_id == batch_id)
        row = await self.database.read(lambda connection: connection.execute(query).one())
        return BatchSpec.model_validate(unpacked(row.spec)), row.traceparent

    async def ranges(self, batch_id: str, share: Share) -> Ranges:
        """The records of one share."""
        query = select(SHARES.c.ranges).where(*_is(batch_id, share))
        return Ranges(unpacked(await self.database.read(lambda connection: connection.execute(query).scalar_one())))

    async def planned(self, batch_id: str, fence: int, requested: int) -> Standing:
        """The source was asked: so many records are to be expanded."""

        def open_share(connection: Connection) -> None:
            if requested:
                _open_share(connection, batch_id, 0, Ranges([(0, requested)]))

        return await self._held(_PLANNED, batch_id, fence, open_share, new_requested=requested)

    async def refused(self, batch_id: str, fence: int, reason: str) -> Standing:
        """The batch cannot run."""
        return await self._held(_REFUSED, batch_id, fence, new_reason=reason.replace("\0", ""))

    async def announced(self, batch_id: str, fence: int, state: str) -> Standing:
        """Workers were told `state`. After the last word of a batch it is closed, unless it was reopened meanwhile."""
        return await self._held(_ANNOUNCED, batch_id, fence, new_announced=state)

    async def advance(self, batch_id: str, fence: int, share: Share, count: int, *, announced: str) -> Standing:
        """`count` more records of `share` were published and acknowledged, to workers that know of the state
        `announced`.
        """
        at = {"share_batch": batch_id, "share_epoch": share.epoch, "share_first": share.first}
        moved = at | {"old_cursor": share.cursor, "new_cursor": share.cursor + count}

        def move(connection: Connection) -> None:
            if connection.execute(_MOVED, moved).rowcount != 1:
                raise LeaseLost(batch_id)

        return await self._held(_ANNOUNCED, batch_id, fence, move, new_announced=announced)

    async def _held(
        self,
        update_batch: Update,
        batch_id: str,
        fence: int,
        change: Callable[[Connection], None] = lambda _: None,
        **values: Any,
    ) -> Standing:
        """Change a batch under its fence; its row stays locked until the transaction ends."""

        def work(connection: Connection) -> Standing:
            if connection.execute(update_batch, {"held_batch": batch_id, "held_fence": fence, **values}).rowcount != 1:
                raise LeaseLost(batch_id)
            change(connection)
            return standings.one(connection, batch_id, fence)

        return await self.database.write(work)


def _open_share(connection: Connection, batch_id: str, epoch: int, ranges: Ranges) -> bool:
    row = {"epoch": epoch, "first": ranges.ranges[0][0], "ranges": packed(ranges.ranges), "total": ranges.total}
    return insert_new(connection, SHARES, batch_id=batch_id, cursor=0, **row)


def _is(batch_id: str, share: Share) -> tuple[ColumnElement[bool], ...]:
    return SHARES.c.batch_id == batch_id, SHARES.c.epoch == share.epoch, SHARES.c.first == share.first


def _attach(connection: Connection, batch_id: str, part: int, rows: list[dict[str, Any]]) -> None:
    """Keep a part. Until the batch is planned the latest one counts: a request that failed half-way, after some of its
    parts, may come again under the same key with a mended file.
    """
    put_unless(
        connection, ROWS, ROWS.c.first.is_not(None), batch_id=batch_id, part=part, count=len(rows), rows=packed(rows)
    )
