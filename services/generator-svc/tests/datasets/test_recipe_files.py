"""Recipe files, and the one that the documentation shows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from generator_svc.datasets.folder import WantedFolder, make_folder
from generator_svc.datasets.recipe_files import recipe_of_file
from generator_svc.datasets.verification import verify
from generator_svc.rows.language.types import TYPES
from shared.errors import Rejected

PAGE = (Path(__file__).parents[4] / "docs/howto/generate-rows.md").read_text(encoding="utf-8")


def test_the_recipe_of_the_documentation_works(tmp_path: Path) -> None:
    (text,) = re.findall(r"<!-- recipe -->\n```yaml\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    (tmp_path / "shop.yaml").write_text(text)
    recipe = recipe_of_file(tmp_path / "shop.yaml")
    manifest = make_folder(WantedFolder(recipe, 42, 500, recipe.as_of, "csv", tmp_path / "shop"))
    assert [table.rows for table in manifest.tables.values()][:2] == [500, 200]
    assert all(finding.ok for finding in verify(tmp_path / "shop"))


def test_the_documentation_names_every_type() -> None:
    assert [name for name in TYPES if f"`{name}`" not in PAGE] == []


def test_yes_and_on_are_words_and_not_truth_values(tmp_path: Path) -> None:
    path = tmp_path / "r.yml"
    path.write_text("columns: {on: [yes, no, off]}")
    recipe = recipe_of_file(path)
    assert set(recipe.batch(42, 0, 50, recipe.as_of)["on"].to_pylist()) == {"yes", "no", "off"}


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (b"a: [", "neither JSON nor YAML, line 1"),
        (b"\xff\xfe\x00", "neither JSON nor YAML"),
        (b"!!python/object/apply:os.system ['true']", "neither JSON nor YAML"),
        (b"a: &x [1]\nb: *x", "neither JSON nor YAML"),
        (b"[" * 5_000, "neither JSON nor YAML"),
        (b"", "a recipe is an object"),
        (b"x" * 2_000_001, "larger than"),
    ],
)
def test_what_is_no_recipe_is_refused(text: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_bytes(text)
    with pytest.raises(Rejected, match=says):
        recipe_of_file(tmp_path / "r.yaml")
