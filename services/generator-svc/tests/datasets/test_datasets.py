"""Data sets on disk: the same bytes by any number of workers, verified from the files alone, never half written."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from generator_svc.datasets.folder import WantedFolder, make_folder
from generator_svc.datasets.making import Wanted, make_table
from generator_svc.datasets.manifest import ManifestBroken, TableManifest, beside
from generator_svc.datasets.slices import ROWS_PER_SLICE, Job
from generator_svc.datasets.verification import verify
from generator_svc.outputs import OUTPUTS
from generator_svc.recipes import RECIPES
from generator_svc.rows.language.data_set import recipe_of
from generator_svc.rows.recipe import RowRecipe
from shared.errors import Rejected

FILES = [name for name, output in OUTPUTS.items() if output.is_file]
ODD = recipe_of(
    {
        "name": "odd",
        "columns": {
            "id": "sequence",
            "text": {
                "type": "choice",
                "values": ["a,b", 'say "hi"', "two\nlines", "=1+1", "", "é 😀"],
                "null_rate": 0.2,
            },
            "share": {"type": "beta", "a": 2, "b": 3, "decimals": None, "null_rate": 0.1},
            "money": {"type": "pareto", "min": 1},
            "day": "date",
            "at": {"type": "datetime", "null_rate": 0.5},
            "yes": "boolean",
        },
    }
)


@dataclass(frozen=True)
class Nested:
    """A recipe with structs and lists, for the forms that take them."""

    name = "nested"
    version = 1
    as_of = date(2025, 10, 1)
    schema = pa.schema([("id", pa.int64()), ("who", pa.struct([("n", pa.int64()), ("tags", pa.list_(pa.string()))]))])
    rules = ()

    def batch(self, seed: int, first: int, count: int, as_of: date) -> pa.RecordBatch:
        rows = [{"id": n, "who": {"n": n * seed, "tags": ["x"] * (n % 3)}} for n in range(first, first + count)]
        return pa.RecordBatch.from_pylist(rows, self.schema)

    def fits(self, description: str) -> float:
        return 0.0


def wanted(place: Path, recipe: RowRecipe = RECIPES["inventory"], rows: int = 5_000, **more: Any) -> Wanted:
    form = more.pop("form", place.suffix[1:])
    first, workers = more.pop("first", 0), more.pop("workers", 1)
    return Wanted(Job(recipe, 42, recipe.as_of, form), first, rows, str(place), "rows", workers)


def only(path: Path) -> Any:
    (finding,) = verify(path)
    return finding


@pytest.mark.parametrize("form", FILES)
@pytest.mark.parametrize("first", [0, 1_000])
def test_a_file_verifies_and_its_root_is_the_same_in_every_form(form: str, first: int, tmp_path: Path) -> None:
    place = tmp_path / f"rows{OUTPUTS[form].suffix}"
    manifest = make_table(wanted(place, ODD, form=form, first=first))
    assert only(place) == type(only(place))(place, True, manifest.root)
    assert manifest.root == make_table(wanted(tmp_path / "other.csv", ODD, first=first)).root


@pytest.mark.parametrize("form", ["json", "jsonl", "parquet", "sqlite"])
def test_nested_rows_verify_too(form: str, tmp_path: Path) -> None:
    place = tmp_path / f"rows{OUTPUTS[form].suffix}"
    make_table(wanted(place, Nested(), form=form))
    assert only(place).ok


def test_nested_rows_are_refused_as_csv(tmp_path: Path) -> None:
    with pytest.raises(Rejected, match="choose json, jsonl or parquet"):
        make_table(wanted(tmp_path / "rows.csv", Nested()))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["csv", "json", "parquet"])
def test_workers_change_no_byte(form: str, tmp_path: Path) -> None:
    rows = 2 * ROWS_PER_SLICE + 777
    alone, together = tmp_path / f"alone.{form}", tmp_path / f"together.{form}"
    make_table(wanted(alone, ODD, rows))
    make_table(wanted(together, ODD, rows, workers=2))
    assert together.read_bytes() == alone.read_bytes()
    assert json.loads(beside(together).read_text()) == json.loads(beside(alone).read_text())


def test_fewer_rows_are_the_first_ones_of_more_and_a_start_is_later_ones(tmp_path: Path) -> None:
    texts = {}
    for name, first, rows in (("all", 0, 3_000), ("few", 0, 500), ("later", 1_000, 500)):
        make_table(wanted(tmp_path / f"{name}.csv", rows=rows, first=first))
        texts[name] = (tmp_path / f"{name}.csv").read_bytes().splitlines()
    assert texts["few"] == texts["all"][:501]
    assert texts["later"][1:] == texts["all"][1_001:1_501]


@pytest.mark.parametrize("form", FILES)
def test_a_changed_file_does_not_verify(form: str, tmp_path: Path) -> None:
    place = tmp_path / f"rows{OUTPUTS[form].suffix}"
    make_table(wanted(place, form=form))
    if form == "parquet":
        table = pq.read_table(place)
        pq.write_table(table.set_column(4, "stock_level", pc.add(table["stock_level"], 1).cast("int32")), place)
    else:
        content = bytearray(place.read_bytes())
        at = content.index(b"Dallas")
        content[at : at + 6] = b"Austin"
        place.write_bytes(content)
    finding = only(place)
    assert not finding.ok
    assert "the manifest says" in finding.says


@pytest.mark.parametrize(("keep", "says"), [(0.5, "fewer rows"), (2, "more rows")])
def test_missing_and_added_rows_are_found(keep: float, says: str, tmp_path: Path) -> None:
    place = tmp_path / "rows.csv"
    make_table(wanted(place))
    header, *rows = place.read_bytes().splitlines(keepends=True)
    rows = rows[: int(len(rows) * keep)] if keep < 1 else rows * 2
    place.write_bytes(b"".join([header, *rows]))
    assert says in only(place).says


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"recipe": "x"}', "\x00"])
def test_a_broken_manifest_is_said_to_be_one(text: str, tmp_path: Path) -> None:
    place = tmp_path / "rows.csv"
    make_table(wanted(place))
    beside(place).write_text(text)
    with pytest.raises(ManifestBroken, match="is no manifest"):
        verify(place)


def test_a_refusal_leaves_what_was_there(tmp_path: Path) -> None:
    place = tmp_path / "rows.csv"
    place.write_text("mine")
    few = recipe_of({"name": "r", "columns": {"k": {"type": "pattern", "pattern": "##", "unique": True}}})
    for refused in (
        wanted(place, few, 101),
        wanted(place, rows=0),
        wanted(place, rows=10**9 + 1),
        wanted(place, first=-1),
    ):
        with pytest.raises(Rejected):
            make_table(refused)
    with pytest.raises(Rejected, match="no folder"):
        make_table(wanted(tmp_path / "not there" / "rows.csv"))
    with pytest.raises(Rejected, match="is a folder"):
        make_table(wanted(tmp_path, form="csv"))
    assert [path.name for path in tmp_path.iterdir()] == ["rows.csv"]
    assert place.read_text() == "mine"


@dataclass(frozen=True)
class Broken(Nested):
    """Fails in the middle."""

    def batch(self, seed: int, first: int, count: int, as_of: date) -> pa.RecordBatch:
        if first <= 20_000 < first + count and count > 1:
            raise RuntimeError("the middle")
        return super().batch(seed, first, count, as_of)


def test_a_failure_in_the_middle_leaves_nothing_half_written(tmp_path: Path) -> None:
    place = tmp_path / "rows.jsonl"
    with pytest.raises(RuntimeError, match="the middle"):
        make_table(wanted(place, Broken(), 30_000))
    assert list(tmp_path.iterdir()) == []


def test_a_folder_holds_all_tables_and_one_manifest(tmp_path: Path) -> None:
    shop = recipe_of(
        {
            "name": "shop",
            "tables": {
                "a": {"columns": {"id": "sequence"}},
                "b": {"parent": {"table": "a"}, "columns": {"a": {"type": "parent", "column": "id"}}},
            },
        }
    )
    roots = set()
    for form in ("csv", "parquet"):
        folder = tmp_path / form
        manifest = make_folder(WantedFolder(shop, 42, 600, shop.as_of, form, folder))
        assert sorted(path.name for path in folder.iterdir()) == sorted([f"a.{form}", f"b.{form}", "manifest.json"])
        assert all(finding.ok for finding in verify(folder))
        roots.add(manifest.root)
    assert len(roots) == 1
    (tmp_path / "csv" / "b.csv").unlink()
    assert [finding.ok for finding in verify(tmp_path / "csv")] == [True, False, False]


def test_the_manifest_says_what_was_made(tmp_path: Path) -> None:
    place = tmp_path / "rows.csv"
    make_table(wanted(place, rows=10))
    manifest = TableManifest.model_validate_json(beside(place).read_bytes())
    inventory = RECIPES["inventory"]
    assert (manifest.recipe, manifest.version, manifest.seed, manifest.rows) == ("inventory", inventory.version, 42, 10)
    assert (manifest.as_of, manifest.format, manifest.start) == (inventory.as_of, "csv", 0)
    assert manifest.row_schema.equals(inventory.schema)
