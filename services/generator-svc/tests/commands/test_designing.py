"""`recordsmith design` and the origins of rows that need one, as a shell sees them."""

from __future__ import annotations

import csv
import json
from contextlib import chdir
from pathlib import Path
from typing import Any

import pytest
from generator_svc.commands import app
from typer.testing import CliRunner, Result


@pytest.fixture(autouse=True)
def no_provider(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "LMSTUDIO_URL", "GEMINI_API_KEY", "COPILOT_API_KEY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.delenv("AI_PROVIDER", raising=False)


def run(*words: object, cwd: Path) -> Result:
    with chdir(cwd):
        return CliRunner().invoke(app, list(map(str, words)))


def test_a_design_is_printed_saved_edited_and_made_rows_of(tmp_path: Path) -> None:
    made = run("design", "customers with names, emails, purchase amounts", "--save", "mine", cwd=tmp_path)
    assert made.exit_code == 0, made.stderr
    assert json.loads(made.stdout) == json.loads((tmp_path / "mine.json").read_text())
    assert "built-in designer (no LLM provider is configured)" in made.stderr
    assert made.stderr.count("@example.") == 10
    edited = {**json.loads(made.stdout), "age": {"type": "number.int", "min": 30, "max": 31}}
    (tmp_path / "mine.json").write_text(json.dumps(edited))
    rows = run("generate", "--schema", "mine", "--rows", 50, "--out", "rows.csv", cwd=tmp_path)
    assert rows.exit_code == 0, rows.stderr
    with (tmp_path / "rows.csv").open(newline="") as file:
        found = list(csv.DictReader(file))
    assert list(found[0]) == ["name", "email", "purchase_amount", "age"]
    assert {row["age"] for row in found} == {"30", "31"}


def test_workers_make_the_same_bytes(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text('{"n": "name", "i": "iban", "c": ["a", "b"], "e": "company_email"}')
    for workers in (1, 2):
        ran = run("generate", "--schema", "s.json", "--rows", 9_000, "--workers", workers, "--out", f"{workers}.csv",
                  cwd=tmp_path)  # fmt: skip
        assert ran.exit_code == 0, ran.stderr
    assert (tmp_path / "1.csv").read_bytes() == (tmp_path / "2.csv").read_bytes()


@pytest.mark.parametrize("content", ["not json", "[]", "{}", '{"a": "__class__"}', '{"a": {"type": "x", "min": 1}}'])
def test_a_bad_schema_ends_with_2_and_leaves_what_was_there(tmp_path: Path, content: str) -> None:
    (tmp_path / "bad.json").write_text(content)
    (tmp_path / "rows.csv").write_text("precious")
    ran = run("generate", "--schema", "bad.json", "--rows", 5, "--out", "rows.csv", cwd=tmp_path)
    assert ran.exit_code == 2
    assert "bad.json" in ran.stderr
    assert (tmp_path / "rows.csv").read_text() == "precious"


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ("not json", "not JSON"),
        ("[]", "is a list"),
        ('{"name": "X", "fields": []}', "no createable field"),
        ('{"name": "X", "fields": [{"name": "A", "type": "hologram", "createable": true}]}', "hologram"),
    ],
)
def test_a_bad_describe_ends_with_2_and_names_the_cause(tmp_path: Path, document: str, said: str) -> None:
    (tmp_path / "d.json").write_text(document)
    ran = run("generate", "--describe", "d.json", "--rows", 5, "--out", "rows.jsonl", cwd=tmp_path)
    assert ran.exit_code == 2
    assert said in ran.stderr
    assert not (tmp_path / "rows.jsonl").exists()


def test_a_describe_becomes_rows_with_references_of_a_file(tmp_path: Path) -> None:
    fields: list[dict[str, Any]] = [
        {"name": "Name", "label": "Name", "type": "string", "length": 80, "createable": True, "nillable": False},
        {"name": "Owner__c", "type": "reference", "referenceTo": ["Boss__c"], "createable": True, "nillable": False},
    ]
    (tmp_path / "d.json").write_text(json.dumps({"name": "X__c", "fields": fields}))
    (tmp_path / "ids").write_text("a1B4x0000000001\na1B4x0000000002\n")
    refused = run("generate", "--describe", "d.json", "--rows", 5, cwd=tmp_path)
    assert (refused.exit_code, "--references Boss__c=FILE" in refused.stderr) == (2, True)
    ran = run("generate", "--describe", "d.json", "--references", "Boss__c=ids", "--rows", 40, "--format", "jsonl",
              cwd=tmp_path)  # fmt: skip
    assert ran.exit_code == 0, ran.stderr
    found = {json.loads(line)["Owner__c"] for line in ran.stdout.splitlines()}
    assert {one[:15] for one in found} == {"a1B4x0000000001", "a1B4x0000000002"}


def test_a_describe_is_printed_as_json_schema(tmp_path: Path) -> None:
    field = {"name": "Name", "type": "string", "length": 80, "createable": True, "nillable": False}
    (tmp_path / "d.json").write_text(json.dumps({"name": "X__c", "fields": [field]}))
    printed = run("design", "--describe", "d.json", cwd=tmp_path)
    assert json.loads(printed.stdout)["required"] == ["Name"]
    assert run("design", cwd=tmp_path).exit_code == 2
    assert run("design", "x", "--describe", "d.json", cwd=tmp_path).exit_code == 2


def test_a_provider_that_does_not_answer_costs_a_line_and_no_rows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LMSTUDIO_URL", "http://127.0.0.1:9/v1")
    monkeypatch.setenv("AI_MAX_RETRIES", "0")
    ran = run("generate", "--description", "support tickets", "--rows", 3, cwd=tmp_path)
    assert ran.exit_code == 0, ran.stderr
    assert ran.stdout.startswith("ticket_id,")
    assert "built-in designer (lmstudio" in ran.stderr
