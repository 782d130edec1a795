"""CSV as Bulk API 2.0 gives it (RFC 4180, UTF-8, line feeds), piece by piece."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator


class CsvRecords:
    """Cuts a stream of text into records, at line feeds outside of quotes only.

    Nothing else ends a record: neither a carriage return, U+2028 and U+0085 in a text, nor the end of a piece.
    """

    def __init__(self) -> None:
        self._rest = ""
        self._first = True

    def feed(self, text: str) -> Iterator[list[str]]:
        """Records that are complete by now."""
        if self._first and text:
            text, self._first = text.removeprefix("\ufeff"), False
        pieces = (self._rest + text).split("\n")
        self._rest = ""
        for piece in pieces[:-1]:
            self._rest += piece + "\n"
            if self._rest.count('"') % 2 == 0:
                complete, self._rest = self._rest, ""
                yield from _parsed(complete)
        self._rest += pieces[-1]

    def end(self) -> Iterator[list[str]]:
        """What was left without a line feed."""
        complete, self._rest = self._rest, ""
        yield from _parsed(complete)


def _parsed(text: str) -> Iterator[list[str]]:
    yield from (row for row in csv.reader(io.StringIO(text, newline="")) if row)
