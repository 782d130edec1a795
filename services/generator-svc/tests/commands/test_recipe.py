"""`recordsmith recipe patients` as a person calls it."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from generator_svc.commands import app
from generator_svc.datasets.verification import verify
from typer.testing import CliRunner, Result


def patients(out: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["recipe", "patients", "--out", str(out), *words])


def ids(out: Path) -> list[str]:
    return [patient["patient_id"] for patient in json.loads((out / "patients.json").read_text())]


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def all_is_well(folder: Path) -> bool:
    return all(finding.ok for finding in verify(folder))


def test_twenty_patients_with_all_that_belongs_to_them(tmp_path: Path) -> None:
    assert patients(tmp_path).exit_code == 0
    assert ids(tmp_path) == [f"P{number:03}" for number in range(1, 21)]
    assert len(json.loads((tmp_path / "plans.json").read_text())) == 100
    assert len(json.loads((tmp_path / "forms.json").read_text())) == 10
    assert len(list((tmp_path / "policies").glob("*.txt"))) == 6
    assert all_is_well(tmp_path)


def test_fewer_patients_are_the_first_ones(tmp_path: Path) -> None:
    patients(tmp_path / "few", "--count", "30", "--format", "jsonl")
    patients(tmp_path / "many", "--count", "3000", "--format", "jsonl")
    few, many = ((tmp_path / name / "patients.jsonl").read_bytes() for name in ("few", "many"))
    assert many.startswith(few)
    assert few != many


def test_appending_gives_what_one_run_gives_and_leaves_the_rest(tmp_path: Path) -> None:
    patients(tmp_path / "twice", "--count", "2000", "--seed", "5")
    (tmp_path / "twice/plans.json").write_text("[]")
    assert patients(tmp_path / "twice", "--append", "--count", "200").exit_code == 0
    patients(tmp_path / "once", "--count", "2200", "--seed", "5")
    twice, once = contents(tmp_path / "twice"), contents(tmp_path / "once")
    assert twice.pop("plans.json") == b"[]"
    assert {name: once[name] for name in twice} == twice


def test_appending_to_nothing_begins(tmp_path: Path) -> None:
    assert patients(tmp_path / "new", "--append", "--count", "3").exit_code == 0
    assert ids(tmp_path / "new") == ["P001", "P002", "P003"]


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        (["--seed", "43"], "the seed is 42, not 43"),
        (["--profile", "clinical"], "the recipe is patients 1, not patients-clinical 1"),
        (["--as-of", "2024-01-01"], "the day that ages count from is 2025-10-01, not 2024-01-01"),
        (["--format", "parquet"], "the format is json, not parquet"),
    ],
)
def test_other_patients_are_not_appended(tmp_path: Path, words: list[str], reason: str) -> None:
    patients(tmp_path)
    before = contents(tmp_path)
    result = patients(tmp_path, "--append", *words)
    assert (result.exit_code, reason in result.stderr) == (2, True)
    assert contents(tmp_path) == before


def test_nothing_is_appended_to_patients_that_were_changed(tmp_path: Path) -> None:
    patients(tmp_path)
    path = tmp_path / "patients.json"
    path.write_text(path.read_text().replace("P002", "P999"))
    before = contents(tmp_path)
    result = patients(tmp_path, "--append")
    assert (result.exit_code, "was changed" in result.stderr) == (2, True)
    (tmp_path / "manifest.json").unlink()
    result = patients(tmp_path, "--append")
    assert (result.exit_code, "no manifest" in result.stderr) == (2, True)
    before.pop("manifest.json")
    assert contents(tmp_path) == before


def test_another_run_leaves_nothing_of_the_one_before(tmp_path: Path) -> None:
    patients(tmp_path, "--seed", "1")
    (tmp_path / "policies/own-notes.txt").write_text("mine")
    patients(tmp_path, "--seed", "2", "--format", "parquet")
    assert len(list((tmp_path / "policies").glob("*_*.txt"))) == 6
    assert (tmp_path / "policies/own-notes.txt").exists()
    assert not (tmp_path / "patients.json").exists()
    assert pq.read_table(tmp_path / "patients.parquet").num_rows == 20
    assert all_is_well(tmp_path)


def test_a_manifest_cannot_name_a_file_elsewhere(tmp_path: Path) -> None:
    out, precious = tmp_path / "out", tmp_path / "precious.txt"
    precious.write_text("mine")
    patients(out)
    manifest = json.loads((out / "manifest.json").read_text())
    manifest["files"]["../precious.txt"] = "0" * 64
    (out / "manifest.json").write_text(json.dumps(manifest))
    result = patients(out, "--seed", "3")
    assert (result.exit_code, "outside" in result.stderr) == (2, True)
    assert precious.read_text() == "mine"


@pytest.mark.parametrize("count", ["0", "-5", "1000000000", "100000001"])
def test_a_number_of_patients_that_makes_no_sense_is_refused(tmp_path: Path, count: str) -> None:
    patients(tmp_path)
    before = contents(tmp_path)
    for more in ([], ["--append"]):
        result = patients(tmp_path, "--count", count, *more)
        assert (result.exit_code, "patient" in result.stderr) == (2, True)
    assert contents(tmp_path) == before


def test_a_place_that_cannot_be_written_to_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("mine")
    result = patients(tmp_path / "file")
    assert (result.exit_code, "file" in result.stderr) == (2, True)
    assert (tmp_path / "file").read_text() == "mine"


def test_the_day_is_an_argument(tmp_path: Path) -> None:
    patients(tmp_path, "--as-of", "2030-02-28", "--profile", "clinical")
    days = [patient["labs"]["collected_on"] for patient in json.loads((tmp_path / "patients.json").read_text())]
    assert all("2029-10-01" <= day <= "2030-02-28" for day in days)


def test_a_report_shows_that_the_rules_hold(tmp_path: Path) -> None:
    assert patients(tmp_path, "--count", "200", "--report").exit_code == 0
    page = (tmp_path / "report.html").read_text()
    assert "every diabetic has had Metformin (S4-31)" in page
    assert all_is_well(tmp_path)
