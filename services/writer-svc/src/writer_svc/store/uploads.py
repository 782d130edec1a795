"""Answers that wait for an upload: kept, given to an upload, settled, and remembered until no result comes again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any
from uuid import uuid4

from shared.database import Database
from shared.events import RecordGenerated
from sqlalchemy import Connection, Row, and_, delete, func, insert, select, tuple_, update

from writer_svc.domain.uploads import DatasetUpload, Kept, Waiting
from writer_svc.store import leases
from writer_svc.store.metadata import insert_new, packed, unpacked
from writer_svc.store.upload_tables import ANSWERS, STANDINGS, UPLOADS

LEASE_S = 20.0
"""How long the uploads of a killed replica stand still."""

PAGE = 2_000

Key = tuple[str, int, int]


class UploadStore:
    """Every method is one transaction, but for those that give pages."""

    def __init__(self, database: Database, clock: Callable[[], float]) -> None:
        self._database = database
        self._clock = clock
        self._owner = uuid4().hex

    async def keep(self, dataset: str, kept: Sequence[Kept]) -> None:
        """Durable when it returns. An answer that is there already is not kept again: the first one wins."""
        rows = await asyncio.to_thread(_rows, dataset, kept, self._clock())
        await self._database.write(lambda connection: insert_new(connection, ANSWERS, rows))

    async def waiting(self, dataset: str) -> list[Waiting]:
        """Batches with answers that have no verdict, the longest waiting first."""
        free = ANSWERS.c.upload_id.is_(None)
        query = (
            select(
                ANSWERS.c.batch_id,
                func.count().filter(free).label("records"),
                func.count().label("unsettled"),
                func.coalesce(func.min(ANSWERS.c.kept_at).filter(free), 0.0).label("since"),
                func.max(STANDINGS.c.pending).label("pending"),
            )
            .select_from(ANSWERS.outerjoin(STANDINGS, STANDINGS.c.batch_id == ANSWERS.c.batch_id))
            .where(~ANSWERS.c.settled, ANSWERS.c.dataset == dataset)
            .group_by(ANSWERS.c.batch_id)
            .order_by("since")
        )
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        return [Waiting(row.batch_id, row.records, row.unsettled, row.since, row.pending) for row in rows]

    async def begun(self, dataset: str, since: float) -> list[float]:
        """When uploads of the dataset began."""
        query = select(UPLOADS.c.begun_at).where(UPLOADS.c.dataset == dataset, UPLOADS.c.begun_at > since)
        return list(await self._database.read(lambda connection: connection.execute(query).scalars().all()))

    async def unfinished(self, dataset: str) -> DatasetUpload | None:
        """The upload that is under way: one of a dataset at a time, for Salesforce loads them one after the other."""
        query = select(UPLOADS).where(UPLOADS.c.dataset == dataset, UPLOADS.c.phase != "ended")
        query = query.order_by(UPLOADS.c.begun_at)
        row = await self._database.read(lambda connection: connection.execute(query).first())
        return _upload(row) if row else None

    async def take(self, dataset: str) -> int | None:
        """Take or renew the lease of a dataset's uploads; its fence, or None while another replica holds it."""
        now = self._clock()
        return await self._database.write(lambda c: leases.take(c, _lease(dataset), self._owner, now, LEASE_S))

    async def give_back(self, dataset: str) -> None:
        """Let another replica go on at once."""
        await self._database.write(lambda connection: leases.give_back(connection, _lease(dataset), self._owner))

    async def open(self, dataset: str, fence: int, batch_ids: Sequence[str], limit: int) -> DatasetUpload:
        """Give what waits of these batches to a new upload. Raises `LeaseLost`."""
        upload_id, now = uuid4().hex, self._clock()
        chosen = (
            select(ANSWERS.c.batch_id, ANSWERS.c.position, ANSWERS.c.epoch)
            .where(~ANSWERS.c.settled, ANSWERS.c.dataset == dataset, ANSWERS.c.batch_id.in_(batch_ids))
            .where(ANSWERS.c.upload_id.is_(None))
            .order_by(ANSWERS.c.kept_at, ANSWERS.c.batch_id, ANSWERS.c.position)
            .limit(limit)
        )

        def work(connection: Connection) -> DatasetUpload:
            leases.hold(connection, _lease(dataset), fence)
            given = update(ANSWERS).where(_KEY.in_(chosen)).values(upload_id=upload_id)
            records = connection.execute(given).rowcount
            row = {"upload_id": upload_id, "dataset": dataset, "phase": "sending", "records": records, "begun_at": now}
            connection.execute(insert(UPLOADS).values(row))
            return DatasetUpload(upload_id, dataset, "sending", None, None, records)

        return await self._database.write(work)

    async def move(self, upload: DatasetUpload, fence: int, **values: object) -> DatasetUpload:
        """Change an upload under the lease. Raises `LeaseLost`."""
        mine = UPLOADS.c.upload_id == upload.id

        def work(connection: Connection) -> DatasetUpload:
            leases.hold(connection, _lease(upload.dataset), fence)
            connection.execute(update(UPLOADS).where(mine).values(**values))
            return _upload(connection.execute(select(UPLOADS).where(mine)).one())

        return await self._database.write(work)

    async def answers(self, upload: DatasetUpload) -> AsyncIterator[list[Kept]]:
        """What of an upload has no verdict, always in the same order."""
        async for page in self._pages(ANSWERS.c.upload_id == upload.id):
            yield page

    async def unclaimed(self, batch_id: str) -> AsyncIterator[list[Kept]]:
        """What of a batch is in no upload yet."""
        async for page in self._pages(and_(ANSWERS.c.batch_id == batch_id, ANSWERS.c.upload_id.is_(None))):
            yield page

    async def settle(self, results: Sequence[RecordGenerated]) -> None:
        """Their verdicts are published."""
        positions: dict[tuple[str, int], list[int]] = {}
        for result in results:
            positions.setdefault((result.batch_id, result.epoch), []).append(result.index)

        def work(connection: Connection) -> None:
            for (batch_id, epoch), indices in positions.items():
                # Column by column: SQLite finds no index for a list of tuples.
                mine = and_(ANSWERS.c.batch_id == batch_id, ANSWERS.c.epoch == epoch)
                for first in range(0, len(indices), PAGE):
                    chosen = and_(mine, ANSWERS.c.position.in_(indices[first : first + PAGE]))
                    connection.execute(update(ANSWERS).where(chosen).values(settled=True, result=None))

        await self._database.write(work)

    async def note_pending(self, batch_id: str, pending: int, *, if_known: bool = False) -> None:
        """The gateway told how many records of the batch have no verdict; with `if_known`, only if we ever had one."""
        row = {"batch_id": batch_id, "pending": pending}
        known = select(ANSWERS.c.batch_id).where(ANSWERS.c.batch_id == batch_id).limit(1)

        def work(connection: Connection) -> None:
            told = update(STANDINGS).where(STANDINGS.c.batch_id == batch_id).values(pending=pending)
            if connection.execute(told).rowcount == 0 and not (if_known and connection.execute(known).first() is None):
                insert_new(connection, STANDINGS, [row])

        await self._database.write(work)

    async def forget_settled(self, before: float) -> None:
        """Drop what was settled so long ago that its results cannot come again."""
        old = select(ANSWERS.c.batch_id).where(ANSWERS.c.batch_id == STANDINGS.c.batch_id)

        def work(connection: Connection) -> None:
            connection.execute(delete(ANSWERS).where(ANSWERS.c.settled, ANSWERS.c.kept_at < before))
            connection.execute(delete(UPLOADS).where(UPLOADS.c.phase == "ended", UPLOADS.c.begun_at < before))
            connection.execute(delete(STANDINGS).where(~old.exists()))

        await self._database.write(work)

    async def _pages(self, condition: Any) -> AsyncIterator[list[Kept]]:
        last: Key = ("", -1, -1)
        while True:
            query = select(ANSWERS).where(~ANSWERS.c.settled, condition, tuple_(*_KEY_COLUMNS) > last)
            query = query.order_by(*_KEY_COLUMNS).limit(PAGE)
            rows = await self._database.read(lambda connection, query=query: connection.execute(query).all())  # type: ignore[misc]
            if rows:
                yield await asyncio.to_thread(_kept, rows)
                last = (rows[-1].batch_id, rows[-1].position, rows[-1].epoch)
            if len(rows) < PAGE:
                return


def _lease(dataset: str) -> str:
    return f"uploads of {dataset}"


def _rows(dataset: str, kept: Sequence[Kept], now: float) -> list[dict[str, Any]]:
    return [
        {
            "batch_id": one.result.batch_id,
            "position": one.result.index,
            "epoch": one.result.epoch,
            "dataset": dataset,
            "settled": False,
            "result": packed([one.batch_name, one.result.model_dump(mode="json", exclude_defaults=True)]),
            "kept_at": now,
        }
        for one in kept
    ]


def _kept(rows: Sequence[Row[Any]]) -> list[Kept]:
    found = (unpacked(row.result) for row in rows)
    return [Kept(RecordGenerated.model_validate(result), name) for name, result in found]


def _upload(row: Row[Any]) -> DatasetUpload:
    return DatasetUpload(row.upload_id, row.dataset, row.phase, row.crm_id, row.edition, row.records)


_KEY_COLUMNS = (ANSWERS.c.batch_id, ANSWERS.c.position, ANSWERS.c.epoch)
_KEY = tuple_(*_KEY_COLUMNS)
