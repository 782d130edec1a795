"""Cells of a bulk query are the values that REST gives."""

import pytest
from schema_svc.domain.bulk_values import rest_value, rest_values


@pytest.mark.parametrize(
    ("cell", "kind", "value"),
    [
        ("", "string", None),
        ("", "double", None),
        ("null", "string", "null"),
        (" ", "string", " "),
        ("a\r\nb\u2028", "textarea", "a\r\nb\u2028"),
        ("007", "string", "007"),
        ("true", "boolean", True),
        ("false", "boolean", False),
        ("7", "int", 7),
        ("-7", "int", -7),
        ("7.0", "int", 7),
        ("100", "currency", 100.0),
        ("3.5E8", "currency", 350_000_000.0),
        ("0.1", "double", 0.1),
        ("12.50", "percent", 12.5),
        ("2026-02-28", "date", "2026-02-28"),
        ("2026-02-28T22:59:59.000Z", "datetime", "2026-02-28T22:59:59.000+0000"),
        ("22:59:59.000Z", "time", "22:59:59.000Z"),
        ("A;B", "multipicklist", "A;B"),
    ],
)
def test_a_cell_becomes_the_value_that_rest_gives(cell: str, kind: str, value: object) -> None:
    found = rest_value(cell, kind)
    assert (found, type(found)) == (value, type(value))


def test_a_column_that_is_not_there_is_null() -> None:
    types = {"Id": "id", "Account.Name": "string", "Amount": "currency"}
    row = {"Id": "001", "Account.Name": "", "Other": "x"}
    assert rest_values(row, types) == {"Id": "001", "Account.Name": None, "Amount": None}
