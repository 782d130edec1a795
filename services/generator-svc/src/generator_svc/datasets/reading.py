"""The rows of a file that was written here, as the text that the root hash covers, block by block."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path

import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.json

from generator_svc.datasets.manifest import TableManifest
from generator_svc.rows.content import is_nested, row_text
from generator_svc.rows.csv_text import csv_header
from generator_svc.rows.names import quoted_name

Records = Iterator[bytes]
_CHUNK = 1 << 20


class Unreadable(Exception):  # says what is wrong
    """The file is not what its manifest says."""


def block_texts(path: Path, manifest: TableManifest) -> Iterator[bytes]:
    """The row text of each block of the file. Raises `Unreadable`."""
    sizes = _block_sizes(manifest)
    try:
        yield from _READERS[manifest.format](path, manifest, sizes)
    except (pa.ArrowException, orjson.JSONDecodeError, sqlite3.Error, UnicodeDecodeError) as error:
        raise Unreadable(f"{path} is no whole {manifest.format} file of this table") from error


def _block_sizes(manifest: TableManifest) -> Iterator[int]:
    first, end, block = manifest.start, manifest.start + manifest.rows, manifest.block
    while first < end:
        size = min(end - first, block - first % block)
        yield size
        first += size


def _csv(path: Path, manifest: TableManifest, sizes: Iterator[int]) -> Iterator[bytes]:
    header = csv_header([column.name for column in manifest.columns])
    with path.open("rb") as file:
        if file.read(len(header)) != header:
            raise Unreadable(f"{path} does not begin with the columns of its manifest")
        records = _csv_records(file)
        yield from _grouped(records, sizes, path)


def _csv_records(lines: Iterator[bytes]) -> Records:
    """Lines, put together again where a quoted cell goes on."""
    record = b""
    for line in lines:
        record = record + line if record else line
        if record.count(b'"') % 2 == 0:
            yield record
            record = b""
    if record:
        yield record


def _json_lines(path: Path, manifest: TableManifest, sizes: Iterator[int]) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from _from_json(_grouped(file, sizes, path), manifest)


def _json_array(path: Path, manifest: TableManifest, sizes: Iterator[int]) -> Iterator[bytes]:
    with path.open("rb") as file:
        if file.readline() != b"[\n":
            raise Unreadable(f"{path} is not an array with a row per line")
        rows = (line.removesuffix(b",\n").removesuffix(b"\n") + b"\n" for line in file if line != b"]\n")
        yield from _from_json(_grouped(rows, sizes, path), manifest)


def _from_json(blocks: Iterator[bytes], manifest: TableManifest) -> Iterator[bytes]:
    schema = manifest.row_schema
    if is_nested(schema):
        yield from blocks
        return
    # Arrow reads days and moments from numbers only: they come as text and are cast.
    wire = pa.schema([_as_text(field) for field in schema])
    options = pyarrow.json.ParseOptions(explicit_schema=wire, unexpected_field_behavior="error")
    for block in blocks:
        table = pyarrow.json.read_json(pa.py_buffer(block), parse_options=options).combine_chunks()
        columns = [pc.cast(table[field.name], field.type).combine_chunks() for field in schema]
        yield row_text(pa.record_batch([_whole(column) for column in columns], schema=schema))


def _as_text(field: pa.Field) -> pa.Field:
    return field.with_type(pa.string()) if pa.types.is_temporal(field.type) else field


def _whole(column: pa.Array | pa.ChunkedArray) -> pa.Array:
    return column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column


def _parquet(path: Path, manifest: TableManifest, sizes: Iterator[int]) -> Iterator[bytes]:
    from pyarrow.parquet import ParquetFile

    with ParquetFile(path) as file:
        yield from _rebatched(file.iter_batches(), sizes, path, manifest.row_schema)


def _rebatched(
    batches: Iterator[pa.RecordBatch], sizes: Iterator[int], path: Path, schema: pa.Schema
) -> Iterator[bytes]:
    waiting = pa.Table.from_batches([], schema)
    for size in sizes:
        while waiting.num_rows < size:
            batch = next(batches, None)
            if batch is None:
                raise Unreadable(f"{path} has fewer rows than its manifest says")
            waiting = pa.concat_tables([waiting, pa.Table.from_batches([batch]).cast(schema)])
        yield row_text(waiting.slice(0, size).combine_chunks().to_batches()[0])
        waiting = waiting.slice(size)
    if waiting.num_rows or next(batches, None) is not None:
        raise Unreadable(f"{path} has more rows than its manifest says")


def _sqlite(path: Path, manifest: TableManifest, sizes: Iterator[int]) -> Iterator[bytes]:
    schema, table = manifest.row_schema, quoted_name(manifest.table or manifest.recipe)
    with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
        cursor = connection.execute(f"SELECT * FROM {table} ORDER BY rowid")  # noqa: S608
        for size in sizes:
            rows = cursor.fetchmany(size)
            if len(rows) < size:
                raise Unreadable(f"{path} has fewer rows than its manifest says")
            columns = [
                _from_cells(cells, field.type) for cells, field in zip(zip(*rows, strict=True), schema, strict=True)
            ]
            yield row_text(pa.record_batch(columns, schema=schema))
        if cursor.fetchone() is not None:
            raise Unreadable(f"{path} has more rows than its manifest says")


def _from_cells(cells: tuple[object, ...], kind: pa.DataType) -> pa.Array:
    if pa.types.is_nested(kind):
        return pa.array([None if cell is None else orjson.loads(str(cell)) for cell in cells], kind)
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        return pa.array(cells, kind)
    if pa.types.is_boolean(kind):
        return pa.array([None if cell is None else bool(cell) for cell in cells], kind)
    return pc.cast(pa.array([None if cell is None else str(cell) for cell in cells], pa.string()), kind)


def _grouped(records: Records, sizes: Iterator[int], path: Path) -> Iterator[bytes]:
    for size in sizes:
        block = [record for _, record in zip(range(size), records, strict=False)]
        if len(block) < size:
            raise Unreadable(f"{path} has fewer rows than its manifest says")
        yield b"".join(block)
    if next(records, None) is not None:
        raise Unreadable(f"{path} has more rows than its manifest says")


_READERS: Mapping[str, Callable[[Path, TableManifest, Iterator[int]], Iterator[bytes]]] = {
    "csv": _csv,
    "json": _json_array,
    "jsonl": _json_lines,
    "parquet": _parquet,
    "sqlite": _sqlite,
}
