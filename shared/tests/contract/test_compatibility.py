"""Only optional additions pass; anything that refuses yesterday's event is called by its name."""

from __future__ import annotations

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from shared.contract.compatibility import breaking_changes
from shared.contract.documents import event_classes, schema_of
from shared.events import BatchSubmitted, RecordSettled

Change = Callable[[dict[str, Any]], Any]


def changed(schema: dict[str, Any], change: Change) -> dict[str, Any]:
    new = copy.deepcopy(schema)
    change(new)
    return new


@pytest.mark.parametrize("event", event_classes(), ids=lambda event: event.__name__)
def test_a_schema_is_compatible_with_itself(event: Any) -> None:
    assert breaking_changes(schema_of(event), schema_of(event)) == []


def test_a_new_optional_field_breaks_nobody() -> None:
    old = schema_of(RecordSettled)
    assert breaking_changes(old, changed(old, lambda s: s["properties"].update(note={"type": "string"}))) == []


@pytest.mark.parametrize(
    ("change", "complaint"),
    [
        (lambda s: s["properties"].pop("crm_id"), "/crm_id: removed"),
        (lambda s: s["required"].append("code"), "/code: now required"),
        (lambda s: s["properties"]["index"].update(type="string"), "type integer became string"),
        (lambda s: s["properties"]["state"]["enum"].remove("skipped"), "'skipped' is no longer allowed"),
        (lambda s: s["properties"]["record_id"].update(maxLength=18), "maxLength is tighter"),
        (lambda s: s["properties"]["index"].update(minimum=1), "minimum is tighter"),
        (lambda s: s["properties"]["batch_id"].update(pattern="^x$"), "another pattern"),
    ],
)
def test_a_breaking_change_is_named(change: Change, complaint: str) -> None:
    old = schema_of(RecordSettled)
    assert any(complaint in found for found in breaking_changes(old, changed(old, change)))


def test_a_breaking_change_deep_in_a_definition_is_found() -> None:
    old = schema_of(BatchSubmitted)
    new = changed(old, lambda s: s["$defs"]["SalesforceSource"]["properties"].pop("where"))
    assert any("removed" in found for found in breaking_changes(old, new))


def test_the_command_refuses_to_write_a_breaking_change(tmp_path: Path) -> None:
    schema = schema_of(RecordSettled)
    schema["properties"]["gone_tomorrow"] = {"type": "string"}
    (tmp_path / f"{RecordSettled.type}.json").write_text(json.dumps(schema))
    run = subprocess.run(
        [sys.executable, "-m", "shared.contract", "--schemas", str(tmp_path)], capture_output=True, text=True
    )
    assert run.returncode == 2
    assert "/gone_tomorrow: removed" in run.stderr
    assert not (tmp_path / "asyncapi.json").exists()
