"""Rows as CSV and JSON, and the root hash over them."""

from __future__ import annotations

import csv
import io
import json
from datetime import date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any

import pyarrow as pa
import pytest
from generator_svc.rows.content import leaves
from generator_svc.rows.csv_text import csv_bytes, csv_header, csv_rows
from generator_svc.rows.json_text import ABSENT_NULLS, json_lines
from hypothesis import given
from hypothesis import strategies as st
from shared.row_blocks import BLOCK, blocks, root

LETTERS = "ab\"\\,;'=+-@ \t\r\n\x00\x1fé😀\u2028"
CELLS = st.lists(st.none() | st.text(LETTERS, max_size=6), min_size=1, max_size=20)
NESTED = pa.struct([("x", pa.int64()), ("y", pa.list_(pa.string()))])


def parsed(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), strict=True))


@given(CELLS, CELLS)
def test_every_text_comes_back_from_csv(left: list[str | None], right: list[str | None]) -> None:
    rows = min(len(left), len(right))
    batch = pa.record_batch({"a": pa.array(left[:rows], pa.string()), "b": pa.array(right[:rows], pa.string())})
    unguarded = csv_bytes(batch, guarded=False).decode()
    expected = [[cell or "" for cell in pair] for pair in zip(left, right, strict=False)]
    assert [[cell.replace("\r\n", "\n") for cell in row] for row in parsed(unguarded)] == [
        [cell.replace("\r\n", "\n") for cell in row] for row in expected
    ]


@given(CELLS)
def test_no_cell_begins_like_a_formula_unless_it_is_a_number(cells: list[str | None]) -> None:
    batch = pa.record_batch({"a": pa.array(cells, pa.string()), "b": pa.array([1] * len(cells))})
    for row, cell in zip(parsed(csv_rows(batch)), cells, strict=True):
        assert row[0] == (cell or "") or row[0] == f"'{cell}"


@pytest.mark.parametrize(
    ("cell", "written"),
    [
        ("=1+1", "'=1+1"),
        ("+49 30", "'+49 30"),
        ("@x", "'@x"),
        ("-", "'-"),
        ("-5.2", "-5.2"),
        ("+7", "+7"),
        ("a=b", "a=b"),
    ],
)
def test_a_spreadsheet_executes_nothing(cell: str, written: str) -> None:
    batch = pa.record_batch({"a": [cell], "b": ["x"]})
    assert csv_rows(batch) == f"{written},x\r\n"
    assert json.loads(json_lines(batch)) == {"a": cell, "b": "x"}


def test_null_and_the_empty_text_can_be_told_apart() -> None:
    assert csv_rows(pa.record_batch({"a": pa.array(["", None]), "b": pa.array([1, 2])})) == '"",1\r\n,2\r\n'
    assert csv_rows(pa.record_batch({"a": pa.array([None, "x"])})) == '""\r\nx\r\n'


def test_values_have_one_text_each() -> None:
    batch = pa.record_batch(
        {
            "f": [5.0, 0.1, 1e20],
            "m": pa.array([Decimal("1.20")] * 3, pa.decimal128(12, 2)),
            "d": pa.array([date(2024, 2, 29)] * 3),
            "t": pa.array([datetime(2024, 2, 29, 1, 2, 3)] * 3, pa.timestamp("ms", "UTC")),
            "b": [True, None, False],
        }
    )
    assert csv_rows(batch).splitlines()[0] == "5.0,1.20,2024-02-29,2024-02-29T01:02:03.000Z,true"
    assert json_lines(batch).splitlines()[2] == (
        b'{"f":1e+20,"m":1.20,"d":"2024-02-29","t":"2024-02-29T01:02:03.000Z","b":false}'
    )


@given(
    st.lists(
        st.none()
        | st.fixed_dictionaries(
            {
                "x": st.none() | st.integers(-(2**63), 2**63 - 1),
                "y": st.none() | st.lists(st.none() | st.text(LETTERS, max_size=4)),
            }
        ),
        min_size=1,
        max_size=8,
    ),
    st.integers(0, 5),
)
def test_nested_values_come_back_from_json(values: list[Any], skipped: int) -> None:
    batch = pa.record_batch(
        {"n": pa.array(values, NESTED), "l": pa.array([[value] for value in values], pa.list_(NESTED))}
    )
    part = batch.slice(skipped)
    read = [json.loads(line) for line in json_lines(part).split(b"\n")[:-1]]
    assert read == [{"n": value, "l": [value]} for value in values[skipped:]]


def test_absent_nulls_leave_no_key() -> None:
    batch = pa.record_batch({"a": pa.array([None, 1]), "b": ["x", None]}).replace_schema_metadata(ABSENT_NULLS)
    assert json_lines(batch) == b'{"b":"x"}\n{"a":1}\n'


def test_not_a_number_becomes_null() -> None:
    batch = pa.record_batch({"f": [float("nan"), float("inf"), 2.5]})
    assert [json.loads(line)["f"] for line in json_lines(batch).splitlines()] == [None, None, 2.5]


def test_a_header_with_odd_names_is_quoted() -> None:
    assert csv_header(["a,b", 'c"d', "e"]) == b'"a,b","c""d",e\r\n'


@given(st.integers(0, 5_000), st.integers(0, 9_000))
def test_blocks_cover_a_range_and_end_at_multiples(first: int, count: int) -> None:
    cut = list(blocks(first, count))
    assert sum(size for _, size in cut) == count
    assert all(begin % BLOCK == 0 for begin, _ in cut[1:])


@given(st.integers(1, 6))
def test_blocks_hashed_anywhere_make_the_same_root(parts: int) -> None:
    batch = pa.record_batch({"n": list(range(7_000)), "t": [f"row {n}" for n in range(7_000)]})
    whole = root(["n", "t"], 0, leaves(batch, 0), 7_000)
    bounds = sorted({*(min(part * BLOCK, 7_000) for part in range(parts)), 7_000})
    hashes: list[bytes] = []
    for first, end in pairwise(bounds):
        hashes += leaves(batch.slice(first, end - first), first)
    assert root(["n", "t"], 0, hashes, 7_000) == whole


def test_any_difference_makes_another_root() -> None:
    batch = pa.record_batch({"n": [1, 2, 3]})
    roots = {
        root(["n"], 0, leaves(batch, 0), 3),
        root(["m"], 0, leaves(batch, 0), 3),
        root(["n"], 1, leaves(batch, 0), 3),
        root(["n"], 0, leaves(batch, 0), 4),
        root(["n"], 0, leaves(pa.record_batch({"n": [1, 3, 2]}), 0), 3),
    }
    assert len(roots) == 5
