"""Ids and rows of one batch, as they were when it was planned."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from typing import Any

from shared.database import Database
from shared.errors import Retryable
from sqlalchemy import ColumnElement, Connection, Table, delete, false, select, update

from schema_svc.domain.changes import Cursor
from schema_svc.store import cursors
from schema_svc.store.tables import IDS, NOTES, ROWS, packed, put_unless, unpacked


class StoredSnapshot:
    """The `Snapshot` of one batch; the part that was read last is kept, for expansion reads in order."""

    def __init__(self, database: Database, batch_id: str) -> None:
        self._database = database
        self._batch_id = batch_id
        self._last: dict[str, tuple[int, list[Any]]] = {}
        self._note: dict[str, Any] | None = None

    async def clear_ids(self) -> None:
        """Forget ids of a planning that did not end."""
        await self._database.write(lambda c: c.execute(delete(IDS).where(IDS.c.batch_id == self._batch_id)))

    async def add_ids(self, first: int, ids: Sequence[str]) -> None:
        """Keep the ids of records `first` and following."""
        if ids:
            row = {"batch_id": self._batch_id, "first": first, "count": len(ids), "ids": packed(list(ids))}
            await self._database.write(lambda connection: connection.execute(IDS.insert().values(**row)))

    async def ids(self, first: int, count: int) -> list[str]:
        """Ids of records `first` to `first + count`."""
        return await self._read(IDS, IDS.c.ids, first, count)

    async def clear_rows(self) -> None:
        """Forget rows of a planning that did not end."""
        await self._database.write(lambda c: c.execute(delete(ROWS).where(ROWS.c.batch_id == self._batch_id)))

    async def add_rows(self, first: int, rows: Sequence[dict[str, Any]]) -> None:
        """Keep the rows of records `first` and following; their first index is the part's number, too."""
        if rows:
            row: dict[str, Any] = {"batch_id": self._batch_id, "part": first, "first": first, "count": len(rows)}
            row["rows"] = await asyncio.to_thread(packed, list(rows))
            await self._database.write(lambda connection: connection.execute(ROWS.insert().values(**row)))

    async def rows(self, first: int, count: int) -> list[dict[str, Any]]:
        """Rows `first` to `first + count`."""
        return await self._read(ROWS, ROWS.c.rows, first, count)

    async def row_parts(self) -> AsyncIterator[list[dict[str, Any]]]:
        """The inline rows in order, part by part."""
        parts = select(ROWS.c.part).where(ROWS.c.batch_id == self._batch_id).order_by(ROWS.c.part)
        for part in await self._database.read(lambda connection: connection.execute(parts).scalars().all()):
            yield unpacked(await self._blob(ROWS.c.rows, ROWS.c.part == part))

    async def number_rows(self) -> int:
        """Give each part of the inline rows its first index; how many rows there are."""

        def work(connection: Connection) -> int:
            parts = select(ROWS.c.part, ROWS.c.count).where(ROWS.c.batch_id == self._batch_id).order_by(ROWS.c.part)
            first = 0
            for part, count in connection.execute(parts).all():
                mine = (ROWS.c.batch_id == self._batch_id, ROWS.c.part == part)
                connection.execute(update(ROWS).where(*mine).values(first=first))
                first += count
            return first

        return await self._database.write(work)

    async def note(self, note: dict[str, Any]) -> None:
        """Keep what the source itself wants to know of the batch later, in place of an earlier note."""
        row = {"batch_id": self._batch_id, "note": packed(note)}
        await self._database.write(lambda connection: put_unless(connection, NOTES, false(), **row))
        self._note = note

    async def noted(self) -> dict[str, Any]:
        """The note; empty where there is none."""
        if self._note is None:
            query = select(NOTES.c.note).where(NOTES.c.batch_id == self._batch_id)
            blob = await self._database.read(lambda connection: connection.execute(query).scalar_one_or_none())
            self._note = {} if blob is None else unpacked(blob)
        return self._note

    async def cursor(self, name: str, *, hold: bool) -> Cursor | None:
        """Where the last finished batch ended; with `hold`, `Retryable` while another batch continues."""

        def work(connection: Connection) -> Cursor | None:
            if hold and not cursors.hold(connection, name, self._batch_id):
                raise Retryable("an earlier batch of the same name and source has not ended yet", code="CURSOR_HELD")
            return cursors.read(connection, name)

        return await (self._database.write(work) if hold else self._database.read(work))

    async def keep_cursor(self, name: str, cursor: Cursor) -> None:
        """Where the next batch begins, should this one finish."""
        await self._database.write(lambda connection: cursors.keep(connection, name, self._batch_id, cursor))

    async def _read(self, table: Table, column: ColumnElement[bytes], first: int, count: int) -> list[Any]:
        found: list[Any] = []
        while count > 0:
            start, entries = await self._part(table, column, first)
            taken = entries[first - start : first - start + count]
            found += taken
            first, count = first + len(taken), count - len(taken)
        return found

    async def _part(self, table: Table, column: ColumnElement[bytes], index: int) -> tuple[int, list[Any]]:
        start, entries = self._last.get(table.name, (0, []))
        if not start <= index < start + len(entries):
            c = table.c
            where = (c.batch_id == self._batch_id, c.first <= index, c.first + c.count > index)
            start = await self._database.read(
                lambda connection: connection.execute(select(c.first).where(*where)).scalar_one()
            )
            entries = unpacked(await self._blob(column, c.first == start, c.count > 0))
            self._last[table.name] = (start, entries)
        return start, entries

    async def _blob(self, column: ColumnElement[bytes], *where: ColumnElement[bool]) -> bytes:
        table: Any = column.table
        query = select(column).where(table.c.batch_id == self._batch_id, *where)
        return await self._database.read(lambda connection: connection.execute(query).scalar_one())
