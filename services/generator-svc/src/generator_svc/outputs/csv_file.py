"""CSV files: RFC 4180 with a header, UTF-8."""

from __future__ import annotations

import pyarrow as pa

from generator_svc.domain.output import Sink
from generator_svc.plain_file import PlainFile
from generator_svc.rows.content import is_nested
from generator_svc.rows.csv_text import csv_bytes, csv_header


class CsvFile:
    """A line per row."""

    name = "csv"
    suffix = ".csv"
    is_file = True

    def refusal(self, schema: pa.Schema) -> str | None:
        """CSV has no form for nested columns."""
        return "nested columns do not fit into CSV; choose json, jsonl or parquet" if is_nested(schema) else None

    def is_row_text(self, schema: pa.Schema) -> bool:
        """The root hash covers CSV lines."""
        return True

    def encode(self, rows: pa.RecordBatch) -> bytes:
        """Lines without the header."""
        return csv_bytes(rows)

    def open(self, place: str, schema: pa.Schema, table: str) -> Sink:
        """Begin with the header."""
        return PlainFile(place, begin=csv_header(schema.names))
