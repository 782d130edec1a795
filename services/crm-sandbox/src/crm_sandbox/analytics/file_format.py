"""What the metadata JSON of an upload says of its CSV file (External Data Format, schema reference)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson

KINDS = ("Text", "Numeric", "Date")
MOST_DIGITS = 18

# Java's date patterns, as far as the sandbox reads them.
DATE_PATTERNS: Mapping[str, str] = {
    "yyyy-MM-dd": "%Y-%m-%d",
    "MM/dd/yyyy": "%m/%d/%Y",
    "dd/MM/yyyy": "%d/%m/%Y",
    "MM/dd/yy": "%m/%d/%y",
    "yyyy-MM-dd HH:mm:ss": "%Y-%m-%d %H:%M:%S",
    "yyyy-MM-dd'T'HH:mm:ss.SSS'Z'": "%Y-%m-%dT%H:%M:%S.%fZ",
    "yyyy-MM-dd'T'HH:mm:ss'Z'": "%Y-%m-%dT%H:%M:%SZ",
}


class LoadError(Exception):
    """The upload cannot be loaded at all; the text becomes its StatusMessage."""


@dataclass(frozen=True, slots=True)
class DatasetField:
    name: str
    label: str
    kind: str = "Text"
    unique: bool = False
    precision: int = MOST_DIGITS
    scale: int = 0
    default: str | None = None
    pattern: str = "%Y-%m-%d"

    def as_json(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True)
class FileFormat:
    fields: tuple[DatasetField, ...]
    delimiter: str = ","
    quote: str = '"'
    charset: str = "utf-8"
    lines_to_ignore: int = 1

    @property
    def key(self) -> DatasetField | None:
        """The field that tells rows apart."""
        return next((field for field in self.fields if field.unique), None)


def parsed(metadata: bytes) -> FileFormat:
    """The format that the metadata describes. LoadError names what is wrong with it (wording assumed)."""
    try:
        body = orjson.loads(metadata)
        said, one = body.get("fileFormat") or {}, body["objects"][0]
        fields = tuple(_field(field) for field in one["fields"])
    except (ValueError, KeyError, IndexError, TypeError, AttributeError) as error:
        raise LoadError("Invalid metadata JSON: objects[0].fields is needed") from error
    names = [field.name.lower() for field in fields]
    if not fields:
        raise LoadError("Invalid metadata JSON: there are no fields")
    if twice := next((name for name in names if names.count(name) > 1), None):
        raise LoadError(f"Invalid metadata JSON: the field {twice} is there twice")
    if sum(field.unique for field in fields) > 1:
        raise LoadError("Invalid metadata JSON: only one field can have isUniqueId")
    return FileFormat(
        fields,
        delimiter=said.get("fieldsDelimitedBy") or ",",
        quote=said.get("fieldsEnclosedBy") or '"',
        charset=said.get("charsetName") or "utf-8",
        lines_to_ignore=int(said.get("numberOfLinesToIgnore") or 0),
    )


def derived(header: list[str]) -> FileFormat:
    """Without metadata everything is text, and names come from the file's first line."""
    return FileFormat(tuple(DatasetField(api_name(label), label) for label in header))


def api_name(label: str) -> str:
    """`Record ID` becomes Record_ID."""
    name = re.sub(r"_+", "_", re.sub(r"\W", "_", label, flags=re.ASCII)).strip("_")
    return name if name[:1].isalpha() else f"X{name}"


def _field(body: dict[str, Any]) -> DatasetField:
    name, kind = body.get("name"), body.get("type", "Text")
    if not isinstance(name, str) or not re.fullmatch(r"[A-Za-z]\w*(\.[A-Za-z]\w*)*", name, re.ASCII) or "__" in name:
        raise LoadError(f"Invalid metadata JSON: {name!r} is not the name of a field")
    if kind not in KINDS:
        raise LoadError(f"Invalid metadata JSON: the field {name} has the type {kind!r}")
    if kind == "Numeric" and not 1 <= int(body.get("precision") or 0) <= MOST_DIGITS:
        raise LoadError(f"Invalid metadata JSON: the numeric field {name} needs a precision of 1 to {MOST_DIGITS}")
    if kind == "Numeric" and "defaultValue" not in body:
        raise LoadError(f"Invalid metadata JSON: the numeric field {name} needs a defaultValue")
    if kind == "Date" and body.get("format") not in DATE_PATTERNS:
        raise LoadError(f"Invalid metadata JSON: the date field {name} needs a format; this sandbox reads "
                        + ", ".join(DATE_PATTERNS))  # fmt: skip
    default = body.get("defaultValue")
    return DatasetField(
        name,
        body.get("label") or name,
        kind,
        unique=body.get("isUniqueId") is True,
        precision=int(body.get("precision") or MOST_DIGITS),
        scale=int(body.get("scale") or 0),
        default=None if default is None else str(default),
        pattern=DATE_PATTERNS.get(body.get("format") or "", "%Y-%m-%d"),
    )
