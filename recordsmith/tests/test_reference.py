"""The generated reference of the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from recordsmith.reference import main, reference


def test_every_command_is_there_with_its_flags_and_example() -> None:
    text = reference()
    for command in ("run", "demo", "doctor"):
        assert f"## recordsmith {command}" in text
        assert f"```text\nrecordsmith {command}" in text
    assert "`--replicas SERVICE=N`" in text


def test_a_reference_that_is_out_of_date_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    file = str(tmp_path / "reference" / "cli.md")
    assert main(["--check", file]) == 1
    assert main([file]) == 0
    monkeypatch.setenv("COLUMNS", "40")
    assert main(["--check", file]) == 0
