"""Parquet files: types kept, nested columns too."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from generator_svc.domain.output import Sink
from generator_svc.rows.exchange import from_ipc, to_ipc

ROWS_PER_GROUP = 131_072
"""Large enough to compress well, small enough that a writer holds only some tens of megabytes."""


class ParquetFile:
    """Row groups of a fixed number of rows, so that the bytes do not depend on who made which slice."""

    name = "parquet"
    suffix = ".parquet"
    is_file = True

    def refusal(self, schema: pa.Schema) -> str | None:
        """Parquet has a form for everything."""
        return None

    def is_row_text(self, schema: pa.Schema) -> bool:
        """Parquet is no text."""
        return False

    def encode(self, rows: pa.RecordBatch) -> bytes:
        """Arrow's stream form; columns are compressed where the file is written."""
        return to_ipc(rows)

    def open(self, place: str, schema: pa.Schema, table: str) -> Sink:
        """Begin the file."""
        return _ParquetSink(place, schema)


class _ParquetSink:
    def __init__(self, place: str, schema: pa.Schema) -> None:
        # Half a second that no other form needs.
        from pyarrow.parquet import ParquetWriter

        self._path = Path(place)
        self._writer = ParquetWriter(place, schema, compression="zstd", write_page_index=False)
        self._waiting: list[pa.RecordBatch] = []
        self._rows = 0

    def write(self, piece: bytes) -> None:
        """Take the next rows."""
        batch = from_ipc(piece)
        self._waiting.append(batch)
        self._rows += batch.num_rows
        if self._rows >= ROWS_PER_GROUP:
            self._write_groups()

    def finish(self) -> None:
        """Write what is left, and the footer."""
        if self._rows:
            self._writer.write_table(pa.Table.from_batches(self._waiting), row_group_size=ROWS_PER_GROUP)
        self._writer.close()

    def discard(self) -> None:
        """Remove it."""
        self._writer.close()
        self._path.unlink(missing_ok=True)

    def _write_groups(self) -> None:
        table = pa.Table.from_batches(self._waiting)
        whole = table.num_rows // ROWS_PER_GROUP * ROWS_PER_GROUP
        self._writer.write_table(table.slice(0, whole), row_group_size=ROWS_PER_GROUP)
        rest = table.slice(whole)
        self._waiting, self._rows = rest.to_batches(), rest.num_rows
