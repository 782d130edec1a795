"""Slots, CSV cells, parts of rows, response schemas."""

from __future__ import annotations

import json

import pytest
from gateway.domain import answer_schema
from gateway.domain.csv_text import lines, records, safe_cell
from gateway.domain.parts import PART_BYTES, parts_of
from gateway.domain.slots import slots_of, unknown_slots
from hypothesis import given
from hypothesis import strategies as st


def test_slots_are_named_once_and_only_those_no_row_has_are_unknown() -> None:
    assert slots_of("{{A}} {{ b_c }} {{A}} {no} {{1x}}") == ["A", "b_c"]
    assert unknown_slots("{{a}} {{b}} {{c}}", [{"a": 1}, {"b": None}]) == ["c"]


@pytest.mark.parametrize("formula", ["=1+1", "+cmd", "-x", "@SUM", "\tx", "-1+2", "=-1", "+", "-5\n"])
def test_a_cell_that_a_spreadsheet_would_execute_gets_an_apostrophe(formula: str) -> None:
    assert safe_cell(formula) == f"'{formula}"


@pytest.mark.parametrize("cell", ["-5", "+1.5", "-1,234.5", "1e5", "-2E-3", "12%", "x=1", "", "(212) 555-0123"])
def test_numbers_and_plain_text_stay_as_they_are(cell: str) -> None:
    assert safe_cell(cell) == cell


@given(
    st.lists(
        st.lists(st.text(alphabet=st.characters(exclude_categories=["Cs"], exclude_characters="\0\r")), min_size=1)
    )
)
def test_csv_comes_back_as_it_went(rows: list[list[str]]) -> None:
    assert [row or [""] for row in records(lines(rows))] == rows


def test_rows_travel_in_parts_only_when_they_are_many() -> None:
    assert parts_of([{"id": "a"}] * 100) == []
    rows = [{"id": str(number), "text": "ü" * 3_000} for number in range(300)]
    parts = parts_of(rows)
    assert [row for part in parts for row in part] == rows
    assert all(len(json.dumps(part, ensure_ascii=False).encode()) <= PART_BYTES + 1_024 for part in parts)
    assert [len(part) for part in parts_of([{"t": "x" * 400_000}, {"t": "y"}])] == [1, 1]


def test_a_response_schema_stands_alone() -> None:
    assert (
        answer_schema.objection({"type": "object", "$defs": {"a": {}}, "properties": {"x": {"$ref": "#/$defs/a"}}})
        is None
    )
    assert answer_schema.objection({"properties": {"x": {"$ref": "https://127.0.0.1:1/x"}}}) is not None
    assert answer_schema.objection({"$schema": "http://127.0.0.1:1/"}) is not None
    assert answer_schema.objection({"type": 3}) is not None
    assert answer_schema.fields({"properties": {"b": {}, "a": {}}}) == ["b", "a"]
    assert answer_schema.fields(None) == []
