"""The files of `recordsmith recipe patients`, read as a stream: memory does not grow with the number of patients."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pyarrow.parquet as pq

Record = dict[str, Any]

_ROWS = 2_048


class NoDataSet(Exception):
    """The folder holds no data set that can be read; says why and what to do."""


@dataclass(frozen=True)
class DataSet:
    """A folder with patients, plans, forms and policies."""

    folder: Path
    recipe: str
    root: str
    rows: int
    as_of: date
    patients_file: str

    def patients(self) -> Iterator[Record]:
        """The patients one after the other; days as text, as in JSON."""
        path = self.folder / self.patients_file
        try:
            yield from _READERS[path.suffix](path)
        except (OSError, ValueError, KeyError) as error:
            raise NoDataSet(f"{path} cannot be read: {type(error).__name__}. Make it again.") from error

    def plans(self) -> list[Record]:
        """Decisions of all payers on all drugs."""
        return self._listed("plans.json")

    def forms(self) -> list[Record]:
        """A form per payer."""
        return self._listed("forms.json")

    def policies(self) -> Iterator[tuple[str, str]]:
        """File name and text of each policy."""
        for path in sorted((self.folder / "policies").glob("*.txt")):
            yield path.name, path.read_text(encoding="utf-8")

    def _listed(self, name: str) -> list[Record]:
        try:
            found: list[Record] = orjson.loads((self.folder / name).read_bytes())
        except (OSError, orjson.JSONDecodeError) as error:
            raise NoDataSet(f"{self.folder / name} cannot be read. Make the data set again.") from error
        return found


def open_data_set(folder: Path) -> DataSet:
    """The data set in a folder, by its manifest. Raises `NoDataSet`."""
    path = folder / "manifest.json"
    try:
        manifest = orjson.loads(path.read_bytes())
        (patients_file,) = manifest["tables"]
        as_of = date.fromisoformat(manifest["as_of"])
        found = DataSet(folder, manifest["recipe"], manifest["root"], manifest["rows"], as_of, patients_file)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise NoDataSet(
            f"{folder} has no data set (no manifest.json that can be read). "
            f"Make one: recordsmith recipe patients --count 1000 --out {folder}"
        ) from error
    return found


def json_array(path: Path, chunk: int = 1 << 20) -> Iterator[Record]:
    """One element after the other of an array, however it is laid out, read in pieces of `chunk` characters."""
    decoder, text, place = json.JSONDecoder(), "", 0
    with path.open(encoding="utf-8") as file:
        text = file.read(chunk)
        place = _skip(text, 0)
        if text[place : place + 1] != "[":
            raise ValueError("no array")
        place += 1
        while True:
            place = _skip(text, place)
            if text[place : place + 1] == "]":
                return
            try:
                record, place = decoder.raw_decode(text, place)
            except json.JSONDecodeError:
                more = file.read(chunk)
                if not more:
                    raise
                text, place = text[place:] + more, 0
                continue
            yield record


def _skip(text: str, place: int) -> int:
    while place < len(text) and text[place] in " \t\r\n,":
        place += 1
    return place


def _json_lines(path: Path) -> Iterator[Record]:
    with path.open("rb") as file:
        for line in file:
            yield orjson.loads(line)


def _parquet(path: Path) -> Iterator[Record]:
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROWS):
            # Through JSON, so that days are text as in the other forms.
            yield from orjson.loads(orjson.dumps(batch.to_pylist()))


_READERS = {".json": json_array, ".jsonl": _json_lines, ".parquet": _parquet}
