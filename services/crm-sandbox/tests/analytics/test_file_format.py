"""Metadata that describes a file, and metadata that does not."""

import json
from typing import Any

import pytest

from crm_sandbox.analytics.file_format import LoadError, api_name, parsed


def metadata(*fields: dict[str, Any]) -> bytes:
    return json.dumps({"fileFormat": {"numberOfLinesToIgnore": 1}, "objects": [{"fields": list(fields)}]}).encode()


def test_fields_keep_their_order_and_types() -> None:
    found = parsed(
        metadata(
            {"name": "Id", "type": "Text", "isUniqueId": True},
            {"name": "Amount", "type": "Numeric", "precision": 10, "scale": 2, "defaultValue": "0"},
            {"name": "Day", "type": "Date", "format": "MM/dd/yyyy"},
        )
    )
    assert [(field.name, field.kind) for field in found.fields] == [
        ("Id", "Text"),
        ("Amount", "Numeric"),
        ("Day", "Date"),
    ]
    assert found.key is not None
    assert found.lines_to_ignore == 1


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"{", "objects[0].fields"),
        (b"[]", "objects[0].fields"),
        (metadata(), "no fields"),
        (metadata({"name": "a b"}), "not the name of a field"),
        (metadata({"name": "Claim__c"}), "not the name of a field"),
        (metadata({"name": "A"}, {"name": "a"}), "twice"),
        (metadata({"name": "A", "type": "Money"}), "the type 'Money'"),
        (metadata({"name": "A", "type": "Numeric", "precision": 19, "defaultValue": "0"}), "precision of 1 to 18"),
        (metadata({"name": "A", "type": "Numeric", "precision": 5}), "defaultValue"),
        (metadata({"name": "A", "type": "Date"}), "needs a format"),
        (metadata({"name": "A", "isUniqueId": True}, {"name": "B", "isUniqueId": True}), "only one field"),
    ],
)
def test_metadata_that_makes_no_sense_says_what_is_wrong(content: bytes, says: str) -> None:
    with pytest.raises(LoadError) as error:
        parsed(content)
    assert says in str(error.value)


@pytest.mark.parametrize(("label", "name"), [("Record ID", "Record_ID"), ("a  b", "a_b"), ("1st", "X1st")])
def test_a_label_becomes_a_name(label: str, name: str) -> None:
    assert api_name(label) == name
