"""Forms that rows leave in."""

from __future__ import annotations

from collections.abc import Mapping

from generator_svc.domain.output import Output
from generator_svc.outputs.csv_file import CsvFile
from generator_svc.outputs.json_file import JsonFile, JsonLinesFile
from generator_svc.outputs.parquet_file import ParquetFile
from generator_svc.outputs.postgresql_table import PostgresqlTable
from generator_svc.outputs.sqlite_table import SqliteTable

OUTPUTS: Mapping[str, Output] = {
    "csv": CsvFile(),
    "json": JsonFile(),
    "jsonl": JsonLinesFile(),
    "parquet": ParquetFile(),
    "sqlite": SqliteTable(),
    "postgresql": PostgresqlTable(),
}
"""A new form is one file and one line here."""
