"""What takes a table's rows: a file of some form, or a table of a database."""

from __future__ import annotations

from typing import Protocol

import pyarrow as pa


class Sink(Protocol):
    """One table being written. Nothing is visible to others before `finish`."""

    def write(self, piece: bytes) -> None:
        """Take the next encoded rows, in order."""
        ...

    def finish(self) -> None:
        """End the file or commit the table."""
        ...

    def discard(self) -> None:
        """Give up; what there was before stays as it was."""
        ...


class Output(Protocol):
    """A form that rows leave in. Stateless, so that any process can encode."""

    name: str
    suffix: str
    """Of a file's name, with its dot."""
    is_file: bool
    """Whether a place is a path, which the caller gives as a temporary one and renames."""

    def refusal(self, schema: pa.Schema) -> str | None:
        """Why these columns cannot leave in this form; None: they can."""
        ...

    def is_row_text(self, schema: pa.Schema) -> bool:
        """Whether `encode` gives exactly the text that the root hash covers, so that it is made once only."""
        ...

    def encode(self, rows: pa.RecordBatch) -> bytes:
        """A piece for the sink. Pure; pieces may be made in any order, by several processes."""
        ...

    def open(self, place: str, schema: pa.Schema, table: str) -> Sink:
        """Begin to write. Raises `OSError` where the place cannot be written to, `Rejected` with a remedy."""
        ...
