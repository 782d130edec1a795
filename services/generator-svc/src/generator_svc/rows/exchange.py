"""Record batches and schemas as bytes, between processes and in manifests."""

from __future__ import annotations

from base64 import b64decode, b64encode

import pyarrow as pa


def to_ipc(rows: pa.RecordBatch) -> bytes:
    """A batch as an Arrow stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_batch(rows)
    return bytes(sink.getvalue())


def from_ipc(piece: bytes) -> pa.RecordBatch:
    """The batch of an Arrow stream, without copying it."""
    return pa.ipc.open_stream(pa.py_buffer(piece)).read_next_batch()


def schema_text(schema: pa.Schema) -> str:
    """A schema for a JSON file."""
    return b64encode(schema.serialize()).decode()


def schema_of(text: str) -> pa.Schema:
    """Back again. Raises `ValueError` for anything else."""
    try:
        return pa.ipc.read_schema(pa.py_buffer(b64decode(text, validate=True)))
    except pa.ArrowException as error:
        raise ValueError("this is no Arrow schema") from error
