"""The CSV of bulk jobs: delimiters, line ends, and reading rows together with their places in the file."""

import csv
from collections.abc import Iterator, Sequence
from typing import BinaryIO

DELIMITERS = {"BACKQUOTE": "`", "CARET": "^", "COMMA": ",", "PIPE": "|", "SEMICOLON": ";", "TAB": "\t"}
LINE_ENDS = {"LF": "\n", "CRLF": "\r\n"}
NULL = "#N/A"
BYTE_ORDER_MARK = b"\xef\xbb\xbf"
MOST_COLUMNS = 5_000


class DialectError(Exception):
    """The file is not what the job said; the text is the job's errorMessage."""


class Upload:
    """An upload, row by row.

    Lines end with a line feed alone, so that U+2028, U+0085 and a carriage return within quotes stay what they are.
    """

    def __init__(self, file: BinaryIO, *, delimiter: str, line_ending: str, refuse_mark: bool) -> None:
        self._file = file
        self._delimiter = DELIMITERS[delimiter]
        self.end = 0
        self.header_text = self._header_text(line_ending, refuse_mark)
        self.header = self._parsed_header()

    def rows(self, start: int = 0) -> Iterator[tuple[list[str], int]]:
        """Each row with the place where it ends, from a place where one begins; the first row by default."""
        self.end = start or self._first
        self._file.seek(self.end)
        for cells in self._reader(self._lines()):
            # A blank line is no row; Salesforce skips it as well.
            if cells:
                yield cells, self.end

    def rest(self, start: int) -> Iterator[bytes]:
        """The bytes from a place on."""
        self._file.seek(start or self._first)
        while part := self._file.read(1 << 16):
            yield part

    def _header_text(self, line_ending: str, refuse_mark: bool) -> str:
        raw = self._file.readline()
        self._first = len(raw)
        if raw.startswith(BYTE_ORDER_MARK):
            if refuse_mark:
                message = "Failed to parse CSV. Found unescaped quote. A value with quote should be within a quote"
                raise DialectError(f"InvalidBatch : {message}")
            raw = raw[len(BYTE_ORDER_MARK) :]
        if not raw.strip():
            raise DialectError("InvalidBatch : Records not found")
        ends_crlf = raw.endswith(b"\r\n")
        if (raw.endswith(b"\n") and ends_crlf != (line_ending == "CRLF")) or b"\r" in raw.removesuffix(b"\r\n"):
            message = f"LineEnding is invalid on user data. Current LineEnding setting is {line_ending}"
            raise DialectError(f"ClientInputError : {message}")
        return _decoded(raw).rstrip("\r\n")

    def _parsed_header(self) -> list[str]:
        header = next(iter(self._reader(iter([self.header_text]))), [])
        names = [name.strip() for name in header]
        if len(names) > MOST_COLUMNS:
            raise DialectError(f"InvalidBatch : Too many columns: {len(names)}, the most is {MOST_COLUMNS}")
        for at, name in enumerate(names):
            if name.lower() in (earlier.lower() for earlier in names[:at]):
                raise DialectError(f"InvalidBatch : Duplicate field name found : {name}")
        return names

    def _reader(self, lines: Iterator[str]) -> Iterator[list[str]]:
        try:
            yield from csv.reader(lines, delimiter=self._delimiter, strict=True)
        except csv.Error as error:
            raise DialectError(f"InvalidBatch : Failed to parse CSV. {error}") from error

    def _lines(self) -> Iterator[str]:
        for raw in self._file:
            self.end += len(raw)
            yield _decoded(raw)


class Quoting:
    """Lines of a result file: every cell in quotes."""

    def __init__(self, *, delimiter: str, line_ending: str) -> None:
        self._join = f'"{DELIMITERS[delimiter]}"'
        self._end = f'"{LINE_ENDS[line_ending]}'

    def line(self, cells: Sequence[str]) -> bytes:
        text = self._join.join(cell.replace('"', '""') if '"' in cell else cell for cell in cells)
        return f'"{text}{self._end}'.encode("utf-8", "surrogatepass")


def result_header(own: Sequence[str], header_text: str, *, delimiter: str, line_ending: str) -> bytes:
    """The columns that Salesforce adds are in quotes, the client's own header comes back as it was sent."""
    mark = DELIMITERS[delimiter]
    return (mark.join([*(f'"{name}"' for name in own), header_text]) + LINE_ENDS[line_ending]).encode()


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise DialectError("InvalidBatch : Failed to parse CSV. The file is not UTF-8") from error
