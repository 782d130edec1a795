"""The rows of an uploaded CSV file, by its format; a bad row is counted, the others go on."""

import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from crm_sandbox.analytics.file_format import DatasetField, FileFormat, LoadError, derived
from crm_sandbox.foreign import Scalar
from crm_sandbox.salesforce.values import utf16_length

LONGEST_VALUE = 32_000
LONGEST_ROW = 400_000
_GZIP = b"\x1f\x8b"

DatasetRow = dict[str, Scalar]


@dataclass(slots=True)
class Loaded:
    """What became of a file."""

    format: FileFormat
    rows: list[DatasetRow] = field(default_factory=list)
    refused: int = 0
    first_refusal: str | None = None

    def refuse(self, why: str) -> None:
        self.refused += 1
        self.first_refusal = self.first_refusal or why


def load(content: bytes, described: FileFormat | None) -> Loaded:
    """Read a whole file. LoadError where it cannot be read at all."""
    lines = _lines(_unpacked(content), described)
    if described is None:
        header = next(lines, None)
        if not header:
            raise LoadError("The file is empty")
        described = derived(header)
    else:
        for _ in range(described.lines_to_ignore):
            next(lines, None)
    loaded = Loaded(described)
    for number, cells in enumerate(lines, start=1):
        if not cells:
            continue
        try:
            loaded.rows.append(row_of(cells, described))
        except BadRowError as error:
            loaded.refuse(f"row {number}: {error}")
    return loaded


class BadRowError(Exception):
    """One line of a file does not fit its format."""


def row_of(cells: list[str], described: FileFormat) -> DatasetRow:
    """The values of one line by field, without those that are empty; BadRowError where they do not fit."""
    if len(cells) != len(described.fields):
        raise BadRowError(f"{len(cells)} values for {len(described.fields)} fields")
    if sum(len(cell) for cell in cells) > LONGEST_ROW:
        raise BadRowError(f"longer than {LONGEST_ROW} characters")
    row: DatasetRow = {}
    for one, cell in zip(described.fields, cells, strict=True):
        row.update(_value(one, cell))
    if described.key is not None and row.get(described.key.name) is None:
        raise BadRowError(f"no value for the unique id {described.key.name}")
    return row


def _unpacked(content: bytes) -> bytes:
    if not content.startswith(_GZIP):
        return content
    try:
        return gzip.decompress(content)
    except (OSError, EOFError, zlib.error) as error:
        raise LoadError("The parts together are no gzip file") from error


def _lines(content: bytes, described: FileFormat | None) -> Iterator[list[str]]:
    told = described or FileFormat(())
    try:
        text = content.decode(told.charset).removeprefix("\ufeff")
        csv.field_size_limit(50_000_000)
        yield from csv.reader(
            io.StringIO(text, newline=""), delimiter=told.delimiter, quotechar=told.quote, strict=True
        )
    except (UnicodeDecodeError, LookupError, csv.Error) as error:
        raise LoadError(f"The file is no CSV in {told.charset}: {error}") from error


def _value(one: DatasetField, cell: str) -> DatasetRow:
    text = cell if cell != "" else one.default or ""
    if text == "":
        return {}
    if one.kind == "Text":
        if utf16_length(text) > LONGEST_VALUE:
            raise BadRowError(f"{one.name} is longer than {LONGEST_VALUE} characters")
        return {one.name: text}
    return _number(one, text) if one.kind == "Numeric" else _date(one, text)


def _number(one: DatasetField, text: str) -> DatasetRow:
    try:
        number = Decimal(text)
    except InvalidOperation:
        number = Decimal("NaN")
    if not number.is_finite() or abs(number) >= Decimal(10) ** (one.precision - one.scale):
        raise BadRowError(f"{one.name} is no number of the precision {one.precision} and scale {one.scale}")
    number = round(number, one.scale)
    return {one.name: int(number) if number == number.to_integral_value() else float(number)}


def _date(one: DatasetField, text: str) -> DatasetRow:
    try:
        moment = datetime.strptime(text, one.pattern).replace(tzinfo=UTC)
    except ValueError as error:
        raise BadRowError(f"{one.name} is no date of its format") from error
    seconds = int(moment.timestamp())
    parts: tuple[Scalar, ...] = (
        f"{moment:%Y}",
        f"{(moment.month + 2) // 3}",
        f"{moment:%m}",
        f"{moment:%d}",
        seconds,
        seconds // 86_400,
    )
    return {one.name: text, **dict(zip(date_columns(one.name), parts, strict=True))}


def date_columns(name: str) -> tuple[str, ...]:
    """The columns that a date becomes besides its own: four dimensions, two measures."""
    return tuple(f"{name}_{part}" for part in ("Year", "Quarter", "Month", "Day", "sec_epoch", "day_epoch"))
