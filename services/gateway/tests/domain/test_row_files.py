"""Rows of CSV and JSON Lines files: read as they are, or refused with the line."""

from __future__ import annotations

import csv
import io
import json
from typing import Any

import pytest
from gateway.domain.row_files import BadRow, checked, read_csv, read_jsonl
from hypothesis import given
from hypothesis import strategies as st

CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


@given(st.lists(st.lists(CELLS, min_size=3, max_size=3), max_size=8))
def test_what_a_csv_writer_wrote_is_read_back(rows: list[list[str]]) -> None:
    file = io.StringIO()
    csv.writer(file).writerows([["id", "a", "b"], *rows])
    file.seek(0)
    read = [list(row.values()) for _, row in read_csv(io.StringIO(file.getvalue(), newline=""))]
    assert read == rows


@given(st.lists(st.dictionaries(CELLS, st.none() | st.booleans() | st.integers() | CELLS, max_size=4), max_size=8))
def test_json_lines_are_read_back(rows: list[dict[str, Any]]) -> None:
    text = "\n".join(json.dumps(row) for row in rows)
    assert [row for _, row in read_jsonl(text.splitlines(keepends=True))] == rows


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "name the columns"),
        ("a,,c\n", 1, "column 2 has no name"),
        ("a,b,a\n", 1, "two columns have the name a"),
        ("a,b\n1,2\n3\n", 3, "1 cells, the header 2"),
        ('a,b\n1,"2\n', 2, "not readable as CSV"),
    ],
)
def test_a_bad_csv_is_refused_with_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(BadRow, match=said) as refused:
        list(read_csv(io.StringIO(text, newline="")))
    assert refused.value.line == line


@pytest.mark.parametrize("line", ["{", "[1]", "NaN", '{"a": NaN}', '{"a": 1e999}', "[" * 100_000])
def test_a_bad_json_line_is_refused(line: str) -> None:
    with pytest.raises(BadRow) as refused:
        list(read_jsonl(['{"a": 1}\n', "\n", line]))
    assert refused.value.line == 3


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([{"id": "1"}, {"id": "1"}], "more than one row"),
        ([{"id": "1"}, {"x": "1"}], "some rows have an `id`"),
        ([{"id": ""}], "1 to 255"),
        ([{"id": 7}], "is text"),
    ],
)
def test_rows_that_cannot_be_told_apart_are_refused(rows: list[dict[str, Any]], said: str) -> None:
    with pytest.raises(BadRow, match=said):
        checked(enumerate(rows, 1))


def test_the_field_a_target_upserts_by_is_required() -> None:
    with pytest.raises(BadRow, match="Key__c"):
        checked([(2, {"Key__c": "a"}), (3, {"Key__c": ""})], required="Key__c")


def test_columns_are_those_of_all_rows_in_order() -> None:
    contents = checked([(1, {"b": 1}), (2, {"a": 1, "b": 2})])
    assert (contents.rows, list(contents.columns)) == (2, ["b", "a"])
