"""Reading: any layout of the files, in pieces, and clear words where there is nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prior_auth.data_set import NoDataSet, json_array, open_data_set

MakeDataSet = Callable[..., Path]


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_every_form_holds_the_same_patients(
    form: str, folder: Path, make_data_set: MakeDataSet, tmp_path: Path
) -> None:
    other = open_data_set(make_data_set(tmp_path / form, 40, "--profile", "clinical", "--format", form))
    assert list(other.patients()) == list(open_data_set(folder).patients())[:40]


@pytest.mark.parametrize("indent", [None, 4])
@pytest.mark.parametrize("chunk", [1, 600, 1 << 20])
def test_an_array_is_read_in_pieces_however_it_is_laid_out(
    folder: Path, tmp_path: Path, indent: int | None, chunk: int
) -> None:
    some: list[dict[str, Any]] = json.loads((folder / "patients.json").read_text())[:3]
    path = tmp_path / "patients.json"
    for records in (some, []):
        path.write_text(json.dumps(records, indent=indent))
        assert list(json_array(path, chunk)) == records


def test_a_broken_file_is_named(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "manifest.json").write_bytes((folder / "manifest.json").read_bytes())
    (tmp_path / "patients.json").write_text('[{"patient_id": "P001"}, {"patient_')
    with pytest.raises(NoDataSet, match=r"patients\.json cannot be read"):
        list(open_data_set(tmp_path).patients())


def test_a_folder_without_a_data_set_is_told_how_to_get_one(tmp_path: Path) -> None:
    with pytest.raises(NoDataSet, match="recordsmith recipe patients"):
        open_data_set(tmp_path)
