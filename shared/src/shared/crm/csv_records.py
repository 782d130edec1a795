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
        text = self._rest + text
        end = _end_of_records(text)
        self._rest = text[end:]
        return _parsed(text[:end])

    def end(self) -> Iterator[list[str]]:
        """What was left without a line feed."""
        complete, self._rest = self._rest, ""
        return _parsed(complete)


class CsvRows:
    """The records of a stream by the names of its columns, which the first one says."""

    def __init__(self) -> None:
        self._records = CsvRecords()
        self._header: list[str] | None = None

    def feed(self, text: str) -> Iterator[dict[str, str]]:
        """Rows that are complete by now."""
        return self._named(self._records.feed(text))

    def end(self) -> Iterator[dict[str, str]]:
        """What was left without a line feed."""
        return self._named(self._records.end())

    def _named(self, records: Iterator[list[str]]) -> Iterator[dict[str, str]]:
        self._header = self._header or next(records, None)
        header = self._header or []
        return (dict(zip(header, record, strict=False)) for record in records)


def _end_of_records(text: str) -> int:
    """Behind the last line feed that is outside of quotes: what is before it is read at once."""
    end = text.rfind("\n") + 1
    quotes = text.count('"', 0, end)
    while end and quotes % 2:
        before = text.rfind("\n", 0, end - 1) + 1
        quotes, end = quotes - text.count('"', before, end), before
    return end


def _parsed(text: str) -> Iterator[list[str]]:
    return filter(None, csv.reader(io.StringIO(text, newline="")))
