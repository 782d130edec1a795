"""`recordsmith generate` and `verify`, as a shell sees them."""

from __future__ import annotations

import csv
import io
import json
import os
import subprocess
import sys
from contextlib import chdir
from pathlib import Path

import pytest
from generator_svc.commands import app
from typer.testing import CliRunner, Result

COMMAND = Path(sys.executable).with_name("recordsmith")


def run(*words: object, cwd: Path) -> Result:
    with chdir(cwd):
        return CliRunner().invoke(app, list(map(str, words)))


def test_the_installed_command_needs_no_service(tmp_path: Path) -> None:
    words = [str(COMMAND), "generate", "--recipe", "inventory", "--rows", "2"]
    alone = {name: value for name, value in os.environ.items() if not name.startswith(("KAFKA", "RECORDSMITH"))}
    ran = subprocess.run(words, cwd=tmp_path, env=alone, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.count("\n") == 3


def test_a_reader_that_has_enough_is_no_bug(tmp_path: Path) -> None:
    words = [str(COMMAND), "generate", "--recipe", "inventory", "--rows", "200000"]
    with subprocess.Popen(words, cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.readline().startswith(b"product_id,")
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_rows_go_to_stdout_and_the_root_to_stderr(tmp_path: Path) -> None:
    ran = run("generate", "--recipe", "inventory", "--rows", 5, cwd=tmp_path)
    assert ran.exit_code == 0, ran.stderr
    assert len(list(csv.DictReader(io.StringIO(ran.stdout)))) == 5
    assert ran.stderr.startswith("root ")


def test_a_file_is_made_and_verified_and_a_change_is_found(tmp_path: Path) -> None:
    made = run(
        "generate", "--description", "product inventory with SKUs", "--rows", 3_000, "--out", "rows.csv", cwd=tmp_path
    )
    assert made.exit_code == 0, made.stderr
    root = json.loads((tmp_path / "rows.csv.manifest.json").read_text())["root"]
    assert f"root {root}" in made.stderr
    assert run("verify", "rows.csv", cwd=tmp_path).stdout == f"ok  rows.csv  {root}\n"
    text = (tmp_path / "rows.csv").read_text()
    (tmp_path / "rows.csv").write_text(text.replace("P0000002999", "P0000002998"))
    changed = run("verify", ".", cwd=tmp_path)
    assert (changed.exit_code, changed.stdout[:3]) == (1, "NOT")


def test_a_recipe_file_makes_a_folder(tmp_path: Path) -> None:
    (tmp_path / "two.yaml").write_text(
        "tables:\n  a: {columns: {id: sequence, on: [yes, no]}}\n"
        "  b: {parent: {table: a}, columns: {a: {type: parent, column: id}}}\n"
    )
    made = run("generate", "--recipe", "two.yaml", "--rows", 20, "--out", "data", cwd=tmp_path)
    assert made.exit_code == 0, made.stderr
    assert (tmp_path / "data" / "a.csv").read_text().splitlines()[1].split(",")[1] in ("yes", "no")
    assert run("verify", "data", cwd=tmp_path).exit_code == 0


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["--rows", "5"], "give exactly one of"),
        (["--recipe", "inventory", "--description", "x"], "give exactly one of"),
        (["--recipe", "inventry"], "did you mean inventory?"),
        (["--recipe", "no.yaml"], "no.yaml cannot be read"),
        (["--recipe", "bad.yaml"], "tables.bad.columns.a.type: integr is no type of columns; did you mean integer?"),
        (["--recipe", "bomb.yaml"], "neither JSON nor YAML"),
        (["--recipe", "inventory", "--rows", "0"], "rows must be 1 or more"),
        (["--recipe", "inventory", "--rows", "1000000000"], "more than the 500,000,000"),
        (["--recipe", "inventory", "--out", "no/rows.csv"], "there is no folder no"),
        (["--recipe", "inventory", "--format", "parquet"], "needs a place"),
        (["--description", "zebra stripes"], "no recipe fits"),
        (["--recipe", "inventory", "--report"], "a report stands beside a file"),
    ],
)
def test_a_refusal_is_a_sentence_and_exit_code_2(words: list[str], says: str, tmp_path: Path) -> None:
    (tmp_path / "bad.yaml").write_text("columns: {a: integr}")
    (tmp_path / "bomb.yaml").write_text("a: &a [x, x]\nb: [*a, *a]")
    ran = run("generate", *words, cwd=tmp_path)
    assert ran.exit_code == 2
    assert says in ran.stderr
    assert "Traceback" not in ran.stderr
    assert ran.stdout == ""


def test_verify_without_a_manifest_says_so(tmp_path: Path) -> None:
    ran = run("verify", ".", cwd=tmp_path)
    assert (ran.exit_code, ran.stderr) == (2, "recordsmith: there is no manifest in .\n")
