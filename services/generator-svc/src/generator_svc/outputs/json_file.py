"""JSON files: an array with one row per line, and JSON Lines."""

from __future__ import annotations

import pyarrow as pa

from generator_svc.domain.output import Sink
from generator_svc.plain_file import PlainFile
from generator_svc.rows.content import is_nested
from generator_svc.rows.json_text import json_lines


class JsonLinesFile:
    """An object per line."""

    name = "jsonl"
    suffix = ".jsonl"
    is_file = True

    def refusal(self, schema: pa.Schema) -> str | None:
        """JSON has a form for everything."""
        return None

    def is_row_text(self, schema: pa.Schema) -> bool:
        """The root hash covers JSON lines where columns are nested."""
        return is_nested(schema)

    def encode(self, rows: pa.RecordBatch) -> bytes:
        """Lines."""
        return json_lines(rows)

    def open(self, place: str, schema: pa.Schema, table: str) -> Sink:
        """Begin with nothing."""
        return PlainFile(place)


class JsonFile:
    """One array; each row stands on a line of its own, so that the file can be read line by line too."""

    name = "json"
    suffix = ".json"
    is_file = True

    def refusal(self, schema: pa.Schema) -> str | None:
        """JSON has a form for everything."""
        return None

    def is_row_text(self, schema: pa.Schema) -> bool:
        """As JSON Lines: the commas come with the writing."""
        return is_nested(schema)

    def encode(self, rows: pa.RecordBatch) -> bytes:
        """Lines, as in JSON Lines, so that the root hash of nested rows needs no second rendering."""
        return json_lines(rows)

    def open(self, place: str, schema: pa.Schema, table: str) -> Sink:
        """Begin the array."""
        return _ArrayFile(place, begin=b"[\n", between=b",\n", end=b"\n]\n")


class _ArrayFile(PlainFile):
    """Puts commas between lines; inside a JSON text no line ends."""

    def write(self, piece: bytes) -> None:
        """Take the next lines."""
        super().write(piece[:-1].replace(b"\n", b",\n"))
