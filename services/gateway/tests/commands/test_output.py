"""What a person reads in a terminal, and a program in a pipe."""

import json

import pytest
from gateway.commands.output import Format, show

CHANGE = {
    "action": "update",
    "fields": {
        "jobtitle": {"before": "CFO", "after": "CEO"},
        "phone": {"before": "1", "after": None},
        "company.name": {"before": None, "after": "Acme"},
        "associations.contacts": {"before": None, "after": ["151", "152"]},
    },
}
ITEMS = [{"index": 0, "change": CHANGE}, {"index": 1, "change": None}]


def test_a_plan_in_a_table_is_a_line_for_each_field(capsys: pytest.CaptureFixture[str]) -> None:
    show(ITEMS, ("index", "change"), Format.table)
    lines = [line.strip() for line in capsys.readouterr().out.splitlines()]
    assert [line for line in lines if line] == [
        "index  change",
        "0      update",
        "jobtitle: CFO → CEO",
        "phone: 1 → (empty)",
        "company.name: Acme",
        "associations.contacts: 151, 152",
        "1",
    ]


def test_a_plan_in_a_pipe_is_as_the_gateway_tells_it(capsys: pytest.CaptureFixture[str]) -> None:
    show(ITEMS, ("index", "change"), Format.jsonl)
    assert [json.loads(line) for line in capsys.readouterr().out.splitlines()] == ITEMS
