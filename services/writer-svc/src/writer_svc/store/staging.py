"""Results that wait for a large write: kept, handed out in the order of the job, settled, forgotten."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any
from uuid import uuid4

from shared.database import Database
from shared.events import RecordGenerated, SalesforceTarget
from sqlalchemy import Connection, and_, delete, func, or_, select, update

from writer_svc.domain.staging import JOB_BYTES, JOB_ROWS, Job, Staged
from writer_svc.store import leases
from writer_svc.store.bulk_tables import HOLDS, JOBS, STAGED
from writer_svc.store.metadata import insert_new

LEASE_S = 20.0
"""How long a killed replica's job stands still."""

PAGE = 2_000


class BulkStore:
    """Every method is one transaction, but for those that give pages."""

    def __init__(
        self, database: Database, clock: Callable[[], float], *, rows: int = JOB_ROWS, size: int = JOB_BYTES
    ) -> None:
        """A job has at most so many `rows`, and CSV of at most `size` bytes."""
        self._most = rows, size
        self._database = database
        self._clock = clock
        self._owner = uuid4().hex

    async def keep(self, batch_id: str, target: SalesforceTarget, rows: Sequence[Staged]) -> None:
        """Durable when it returns. A result that is there already is not kept again: the first text wins."""
        now, text = self._clock(), target.model_dump_json()
        packed = [_packed(row) for row in rows]
        await self._database.write(lambda connection: _keep(connection, batch_id, text, packed, now, self._most))

    async def open_jobs(self) -> list[Job]:
        """All that have not ended, the oldest first."""
        query = select(JOBS).where(JOBS.c.phase != "ended").order_by(JOBS.c.number)
        return await self._database.read(lambda connection: [_job(row) for row in connection.execute(query)])

    async def take(self, job: Job) -> int | None:
        """Take or renew the lease of a job; its fence, or None while another replica holds it."""
        now = self._clock()
        return await self._database.write(
            lambda connection: leases.take(connection, job.name, self._owner, now, LEASE_S)
        )

    async def give_back(self, job: Job) -> None:
        """Let another replica go on at once."""
        await self._database.write(lambda connection: leases.give_back(connection, job.name, self._owner))

    async def move(self, job: Job, fence: int, **values: object) -> Job:
        """Change a job under its fence. Raises `LeaseLost`."""

        def work(connection: Connection) -> Job:
            leases.hold(connection, job.name, fence)
            connection.execute(update(JOBS).where(JOBS.c.number == job.number).values(**values))
            return _job(connection.execute(select(JOBS).where(JOBS.c.number == job.number)).one())

        return await self._database.write(work)

    async def staged(self) -> dict[str, int]:
        """Results without a verdict, by batch; also of batches that have none left but are not finished."""
        waiting = func.sum(JOBS.c.rows - JOBS.c.settled)
        query = select(JOBS.c.batch_id, waiting).group_by(JOBS.c.batch_id)
        return await self._database.read(lambda c: {row[0]: max(0, int(row[1])) for row in c.execute(query)})

    async def kept(self, batch_id: str) -> int:
        """Results of the batch that were ever kept, in all its jobs."""
        query = select(func.coalesce(func.sum(JOBS.c.rows), 0)).where(JOBS.c.batch_id == batch_id)
        return int(await self._database.read(lambda connection: connection.execute(query).scalar_one()))

    async def unsettled(self, job: Job, *, lines: bool | None = None) -> int:
        """Results of the job without a verdict; `lines`: only those with CSV, or only those without."""
        query = select(func.count()).where(*_waits(job))
        if lines is not None:
            query = query.where(STAGED.c.line.is_not(None) if lines else STAGED.c.line.is_(None))
        return int(await self._database.read(lambda connection: connection.execute(query).scalar_one()))

    async def lines(self, job: Job) -> AsyncIterator[list[tuple[str, str]]]:
        """Key and line of what waits and has CSV, in the order of the job: equal keys lie side by side."""
        async for page in self._pages(job, STAGED.c.line, PAGE, STAGED.c.line.is_not(None)):
            yield [(row.key.decode(), row.line.decode()) for row in page]

    async def results(self, job: Job, *, page: int) -> AsyncIterator[list[RecordGenerated]]:
        """What waits, in the order of the job."""
        async for rows in self._pages(job, STAGED.c.result, page):
            yield [RecordGenerated.model_validate_json(row.result) for row in rows]

    async def find(self, job: Job, keys: Sequence[str]) -> list[tuple[str, RecordGenerated]]:
        """What waits under these keys; several results where they write the same record."""
        wanted = [key.encode() for key in keys]
        # Not asked for by `settled`: SQLite would then look through all that waits, for every page.
        query = select(STAGED.c.key, STAGED.c.result).where(STAGED.c.job == job.number, STAGED.c.key.in_(wanted))
        rows = await self._database.read(lambda connection: connection.execute(query).all())
        waiting = [row for row in rows if row.result is not None]
        return [(row.key.decode(), RecordGenerated.model_validate_json(row.result)) for row in waiting]

    async def settle(self, job: Job, results: Sequence[RecordGenerated]) -> None:
        """Their verdicts are published."""
        by_epoch: dict[int, list[int]] = {}
        for result in results:
            by_epoch.setdefault(result.epoch, []).append(result.index)

        def work(connection: Connection) -> None:
            for epoch, positions in by_epoch.items():
                mine = and_(STAGED.c.batch_id == job.batch_id, STAGED.c.epoch == epoch)
                change = update(STAGED).where(mine, STAGED.c.position.in_(positions), ~STAGED.c.settled)
                count = connection.execute(change.values(settled=True, line=None, result=None)).rowcount
                grown = update(JOBS).where(JOBS.c.number == job.number)
                connection.execute(grown.values(settled=JOBS.c.settled + count))

        await self._database.write(work)

    async def forget(self, batch_id: str) -> None:
        """The batch is finished: nothing of it is needed any more."""

        def work(connection: Connection) -> None:
            for table in (STAGED, JOBS, HOLDS):
                connection.execute(delete(table).where(table.c.batch_id == batch_id))

        await self._database.write(work)

    async def held(self) -> set[str]:
        """Batches that were paused until the org's daily limit leaves room."""
        return set(await self._database.read(lambda connection: connection.execute(select(HOLDS.c.batch_id)).scalars()))

    async def hold(self, batch_id: str) -> None:
        """Remember that the batch is to be resumed when there is room."""
        await self._database.write(lambda connection: insert_new(connection, HOLDS, [{"batch_id": batch_id}]))

    async def let_go(self, batch_id: str) -> None:
        """It was resumed."""
        await self._database.write(
            lambda connection: connection.execute(delete(HOLDS).where(HOLDS.c.batch_id == batch_id))
        )

    async def _pages(self, job: Job, column: Any, size: int, *conditions: Any) -> AsyncIterator[Sequence[Any]]:
        last = b""
        while True:
            query = select(STAGED.c.place, STAGED.c.key, column).where(*_waits(job), STAGED.c.place > last, *conditions)
            query = query.order_by(STAGED.c.place).limit(size)
            rows = await self._database.read(lambda connection, query=query: connection.execute(query).all())  # type: ignore[misc]
            if rows:
                yield rows
                last = rows[-1].place
            if len(rows) < size:
                return


def _keep(
    connection: Connection, batch_id: str, target: str, rows: list[dict[str, Any]], now: float, most: tuple[int, int]
) -> None:
    known = select(STAGED.c.position, STAGED.c.epoch).where(
        STAGED.c.batch_id == batch_id, STAGED.c.position.in_([row["position"] for row in rows])
    )
    there = {(row.position, row.epoch) for row in connection.execute(known)}
    fresh = [row for row in rows if (row["position"], row["epoch"]) not in there]
    if not fresh:
        return
    size = sum(len(row["line"] or b"") + 1 for row in fresh)
    _close_full(connection, batch_id, most[0] - len(fresh), most[1] - size)
    number = _collecting(connection, batch_id, target, len(fresh), size, now)
    insert_new(connection, STAGED, [{**row, "batch_id": batch_id, "job": number, "settled": False} for row in fresh])


def _close_full(connection: Connection, batch_id: str, rows: int, size: int) -> None:
    """A job that holds more than this has no room for what comes."""
    full = or_(JOBS.c.rows > rows, JOBS.c.bytes > size)
    mine = and_(JOBS.c.batch_id == batch_id, JOBS.c.phase == "collecting", full)
    connection.execute(update(JOBS).where(mine).values(phase="due"))


def _collecting(connection: Connection, batch_id: str, target: str, rows: int, size: int, now: float) -> int:
    """The job that takes so many more rows of so many bytes."""
    query = select(JOBS).where(JOBS.c.batch_id == batch_id, JOBS.c.phase == "collecting").with_for_update()
    found = connection.execute(query).first()
    if found is None:
        new = JOBS.insert().values(
            batch_id=batch_id, target=target, phase="collecting", rows=rows, bytes=size, first_at=now, last_at=now
        )
        return int(connection.execute(new.returning(JOBS.c.number)).scalar_one())
    grown = {"rows": JOBS.c.rows + rows, "bytes": JOBS.c.bytes + size, "last_at": now}
    connection.execute(update(JOBS).where(JOBS.c.number == found.number).values(**grown))
    return int(found.number)


def _packed(row: Staged) -> dict[str, Any]:
    result = row.result
    place = f"{row.parent}\x1f{row.key}\x1f{result.index:010}\x1f{result.epoch:06}"
    return {
        "position": result.index,
        "epoch": result.epoch,
        "key": row.key.encode(),
        "place": place.encode(),
        "line": None if row.line is None else row.line.encode(),
        "result": result.model_dump_json(exclude_defaults=True).encode(),
    }


def _waits(job: Job) -> tuple[Any, Any]:
    return STAGED.c.job == job.number, ~STAGED.c.settled


def _job(row: Any) -> Job:
    return Job(
        number=row.number,
        batch_id=row.batch_id,
        target=SalesforceTarget.model_validate_json(row.target),
        phase=row.phase,
        crm_id=row.crm_id,
        attempt=row.attempt,
        rows=row.rows,
        first_at=row.first_at,
        last_at=row.last_at,
        not_before=row.not_before,
    )
