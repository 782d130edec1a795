"""Details of settled records, packed: JSON lines of the verdicts that were taken, deflated, one segment per write."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from typing import Any

from isal import isal_zlib
from shared.events import CHUNK, RangeSettled, RecordSettled

from gateway.domain import csv_text
from gateway.domain.chunk import range_bits, runs
from gateway.domain.row_hashes import raw_records

Verdict = dict[str, Any]
_RECORD = b'{"index":'
_RANGE = b'{"first":'
_OMITTED = {"batch_id"}


def record_line(verdict: RecordSettled) -> bytes:
    """One record's verdict. `index` comes first, so that a reader can skip a line without parsing it."""
    dumped: bytes = verdict.__pydantic_serializer__.to_json(verdict, exclude=_OMITTED, exclude_none=True)
    return dumped


def range_line(verdict: RangeSettled, accepted: int) -> bytes:
    """A range's verdict, with the parts of it that were taken where that is not all (offsets within the chunk)."""
    line: bytes = verdict.__pydantic_serializer__.to_json(verdict, exclude=_OMITTED, exclude_none=True)
    if accepted == range_bits(verdict.first % CHUNK, verdict.count):
        return line
    return line[:-1] + b',"accepted":' + json.dumps(list(runs(accepted))).encode() + b"}"


def pack(lines: Iterable[bytes]) -> bytes:
    """A segment in zlib's format. ISA-L packs as well as zlib's level 1 in a quarter of the time."""
    packed: bytes = isal_zlib.compress(b"\n".join(lines), 1)
    return packed


def unpack(segment: bytes) -> list[bytes]:
    """Its lines; JSON escapes line feeds, so that none is inside a line."""
    lines: list[bytes] = isal_zlib.decompress(segment).split(b"\n")
    return lines


def verdicts(segments: Iterable[bytes], wanted: set[int]) -> dict[int, Verdict]:
    """The latest verdict on each wanted offset of a chunk; segments in the order they were written."""
    found: dict[int, Verdict] = {}
    for segment in segments:
        for line in unpack(segment):
            if line.startswith(_RECORD):
                offset = int(line[len(_RECORD) : line.index(b",")]) % CHUNK
                if offset in wanted:
                    found[offset] = json.loads(line)
            else:
                found.update(_of_range(json.loads(line), wanted))
    return found


def row_ranges(segments: Iterable[bytes]) -> Iterator[Verdict]:
    """The range verdicts of a chunk, in the order they were written."""
    for segment in segments:
        for line in unpack(segment):
            if line.startswith(_RANGE):
                yield json.loads(line)


def accepted_parts(verdict: Verdict) -> list[tuple[int, int]]:
    """Which offsets of its chunk a range's verdict settled, as (first, count)."""
    return [
        (first, count) for first, count in verdict.get("accepted") or [(verdict["first"] % CHUNK, verdict["count"])]
    ]


def row_parts(verdict: Verdict) -> Iterator[tuple[int, int, str]]:
    """(first index, count, CSV) of what a range's verdict settled; the text as it came where that is all of it."""
    text, first = str(verdict.get("rows_csv") or ""), int(verdict["first"])
    if "accepted" not in verdict:
        yield first, int(verdict["count"]), text
        return
    rows = list(raw_records(text))
    base = first - first % CHUNK
    for start, count in accepted_parts(verdict):
        at = max(base + start - first, 0)
        yield base + start, count, b"".join(rows[at : at + count]).decode()


def _of_range(verdict: Verdict, wanted: set[int]) -> dict[int, Verdict]:
    settled = [
        offset for first, count in accepted_parts(verdict) for offset in range(first, first + count) if offset in wanted
    ]
    if not settled:
        return {}
    start = verdict["first"] % CHUNK
    shared = {name: verdict[name] for name in ("state", "source", "category", "reason", "epoch") if name in verdict}
    rows = list(csv_text.records(verdict.get("rows_csv") or ""))
    columns = verdict.get("columns") or []
    return {
        offset: shared
        | (
            {"values": dict(zip(columns, rows[offset - start], strict=False))}
            if 0 <= offset - start < len(rows)
            else {}
        )
        for offset in settled
    }
