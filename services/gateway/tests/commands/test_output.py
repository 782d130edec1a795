"""Data for people and for programs."""

import json

import pytest
from gateway.commands.output import Format, show

PLANNED = [
    {
        "index": 0,
        "crm_id": "a00",
        "change": {
            "action": "update",
            "fields": {
                "Risk__c": {"before": None, "after": "High"},
                "Note__c": {"before": "a\r\nb", "after": "x" * 90},
                "Seen__c": {"before": True, "after": False},
            },
        },
    },
    {"index": 1, "crm_id": None, "change": None},
]


def test_a_table_tells_a_change_field_by_field(capsys: pytest.CaptureFixture[str]) -> None:
    show(PLANNED, ("index", "change"), Format.table)
    told = capsys.readouterr().out
    assert "update" in told
    assert "Risk__c: (empty) → High" in told
    assert f"Note__c: a b → {'x' * 59}…" in told
    assert "Seen__c: true → false" in told


def test_the_other_forms_hold_all_of_it(capsys: pytest.CaptureFixture[str]) -> None:
    show(PLANNED, ("index", "change"), Format.jsonl)
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == PLANNED
