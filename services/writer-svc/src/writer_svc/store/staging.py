"""Results that wait for a large write: kept, handed out in the order of the job, settled, forgotten."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Any
from uuid import uuid4

from shared.database import Database
from shared.events import SalesforceTarget
from shared.grouped import Grouped
from sqlalchemy import Connection, delete, func, select, tuple_, update

from writer_svc.domain.staging import JOB_BYTES, JOB_ROWS, Job, Staged, Waiting
from writer_svc.store import collecting, leases
from writer_svc.store.bulk_tables import HOLDS, JOBS, KEPT, WAITING
from writer_svc.store.collecting import Packed, packed
from writer_svc.store.metadata import among, insert_new

LEASE_S = 20.0
"""How long a killed replica's job stands still."""

PAGE = 2_000

_Kept = tuple[str, str, list[Packed]]
"""Batch, target as JSON, and rows as they are stored."""


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
        # Groups that come during one transaction share the next: it costs as much for one as for all.
        self._keeps: Grouped[_Kept, None] = Grouped(self._keep, linger_s=0.0)

    async def keep(self, batch_id: str, target: SalesforceTarget, rows: Sequence[Staged]) -> None:
        """Durable when it returns. A result that is there already is not kept again: the first text wins."""
        await self._keeps.do((batch_id, target.model_dump_json(), [packed(row) for row in rows]))

    async def _keep(self, kept: list[_Kept]) -> list[None]:
        gathered: defaultdict[tuple[str, str], list[Packed]] = defaultdict(list)
        for batch_id, target, rows in kept:
            gathered[batch_id, target] += rows
        now = self._clock()

        def work(connection: Connection) -> None:
            for (batch_id, target), rows in sorted(gathered.items()):
                collecting.keep(connection, batch_id, target, rows, now, self._most)

        await self._database.write(work)
        return [None] * len(kept)

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
        """Change a job under its fence. Raises `LeaseLost`, also where the job was forgotten meanwhile."""

        def work(connection: Connection) -> Job:
            leases.hold(connection, job.name, fence)
            connection.execute(update(JOBS).where(JOBS.c.number == job.number).values(**values))
            if (row := connection.execute(select(JOBS).where(JOBS.c.number == job.number)).first()) is None:
                raise leases.LeaseLost(job.name)
            return _job(row)

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
        query = select(func.count()).where(WAITING.c.job == job.number)
        if lines is not None:
            query = query.where(WAITING.c.line.is_not(None) if lines else WAITING.c.line.is_(None))
        return int(await self._database.read(lambda connection: connection.execute(query).scalar_one()))

    async def lines(self, job: Job) -> AsyncIterator[list[tuple[str, str]]]:
        """Key and line of what waits and has CSV, in the order of the job: equal keys lie side by side."""
        async for page in self._pages(job, WAITING.c.line, PAGE, WAITING.c.line.is_not(None)):
            yield [(row[1].decode(), row[2].decode()) for row in page]

    async def results(self, job: Job, *, page: int) -> AsyncIterator[list[Waiting]]:
        """What waits, in the order of the job."""
        async for rows in self._pages(job, WAITING.c.result, page):
            yield [Waiting(row[0], row[1].decode(), row[2]) for row in rows]

    async def find(self, job: Job, keys: Sequence[str]) -> list[Waiting]:
        """What waits under these keys; several results where they write the same record."""
        found = f"SELECT number, key, result FROM {WAITING.name} WHERE job = {int(job.number)} AND key IN"  # noqa: S608

        def work(connection: Connection) -> list[Waiting]:
            # The driver's own tuples: nothing has to be converted.
            cursor: Any = among(connection, found, [key.encode() for key in keys]).cursor
            return [Waiting(number, key.decode(), text) for number, key, text in cursor.fetchall()]

        return await self._database.read(work)

    async def settle(self, job: Job, waiting: Sequence[Waiting]) -> None:
        """Their verdicts are published: they wait no more, and are still known."""
        gone = f"DELETE FROM {WAITING.name} WHERE number IN"  # noqa: S608

        def work(connection: Connection) -> None:
            count = among(connection, gone, [one.number for one in waiting]).rowcount
            grown = update(JOBS).where(JOBS.c.number == job.number)
            connection.execute(grown.values(settled=JOBS.c.settled + count))

        await self._database.write(work)

    async def forget(self, batch_id: str) -> None:
        """The batch is finished: nothing of it is needed any more."""

        def work(connection: Connection) -> None:
            mine = select(JOBS.c.number).where(JOBS.c.batch_id == batch_id)
            connection.execute(delete(WAITING).where(WAITING.c.job.in_(mine)))
            for table in (KEPT, JOBS, HOLDS):
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
        """Number, key, `column` and place of what waits: first what belongs to nobody, then parent by parent."""
        of, columns = WAITING.c, [WAITING.c.number, WAITING.c.key, column]
        for belongs, place in (
            (of.parent.is_(None), [of.key, of.position, of.epoch]),
            (of.parent.is_not(None), [of.parent, of.key, of.position, of.epoch]),
        ):
            query = select(*columns, *place).where(of.job == job.number, belongs, *conditions)
            query, last = query.order_by(*place).limit(size), None
            while rows := await self._page(query if last is None else query.where(tuple_(*place) > last)):
                yield rows
                last = tuple(rows[-1][3:])
                if len(rows) < size:
                    break

    async def _page(self, query: Any) -> Sequence[Any]:
        return await self._database.read(lambda connection: connection.execute(query).all())


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
