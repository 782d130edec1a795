"""Rows that came with the batch."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shared.events import BatchSpec

from schema_svc.domain.ranges import Range
from schema_svc.domain.slots import Needed, Refused, refuse_unknown
from schema_svc.domain.source import Missing, Planned, Record, Snapshot

RECORD_ID_LENGTH = 255
"""As `record_id` of the record events."""


class Rows:
    """Inline rows. A row's `id` is its record id, else its index is."""

    async def plan(self, spec: BatchSpec, needed: Needed, snapshot: Snapshot) -> Planned:
        """Number the rows; a slot that no row has is unknown, one that some rows lack is empty there."""
        known: set[str] = set()
        async for rows in snapshot.row_parts():
            for row in rows:
                known.update(row)
                if len(str(row.get("id", ""))) > RECORD_ID_LENGTH:
                    raise Refused(f"A row's id is longer than {RECORD_ID_LENGTH} characters.")
        requested = await snapshot.number_rows()
        if requested:
            refuse_unknown(needed, known, "the rows")
        return Planned(requested)

    async def records(
        self, spec: BatchSpec, needed: Needed, snapshot: Snapshot, ranges: Sequence[Range]
    ) -> list[Record | Missing]:
        """The rows of `ranges`."""
        found: list[Record | Missing] = []
        for first, count in ranges:
            rows = await snapshot.rows(first, count)
            found += [Record(first + i, _record_id(row, first + i), row) for i, row in enumerate(rows)]
        return found


def _record_id(row: dict[str, Any], index: int) -> str:
    given = row.get("id")
    return str(index) if given is None or given == "" else str(given)
