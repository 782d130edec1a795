"""The report: what it says is what the rows are."""

from __future__ import annotations

from html.parser import HTMLParser
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pytest
from generator_svc.datasets.report import write_report
from generator_svc.datasets.slices import Job
from generator_svc.recipes import RECIPES
from generator_svc.rows.profile import Check, Facts, profile
from generator_svc.rows.recipe import Rule

TABLE = pa.table(
    {
        "id": [f"k{n}" for n in range(1_000)],
        "x": [n / 10 for n in range(1_000)],
        "minus": [-n for n in range(1_000)],
        "kind": ["a", "a", "a", "b"] * 250,
        "gap": [None if n % 4 == 0 else n % 3 for n in range(1_000)],
        "who": [{"name": f"n{n % 2}", "tags": ["t"] * (n % 3)} for n in range(1_000)],
    }
)
RULE = Rule("x is small", lambda rows: pc.less(rows["x"], 90.0))


class Words(HTMLParser):
    """The text of a page, and whatever it would fetch."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text: list[str] = []
        self.fetched: list[str] = []
        self.open: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.fetched += [str(value) for name, value in attrs if name in ("src", "href", "action")]
        if tag not in ("meta", "rect"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag != "rect":
            assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def facts_of(name: str) -> Facts:
    return next(facts for facts in profile("t", 1_000, TABLE, [RULE]).columns if facts.name == name)


def test_columns_are_counted_as_they_are() -> None:
    assert facts_of("id").distinct == 1_000
    assert [(bar.label, bar.count) for bar in facts_of("kind").bars] == [("a", 750), ("b", 250)]
    assert (facts_of("gap").nulls, facts_of("gap").distinct) == (250, 3)
    x = facts_of("x")
    assert sum(bar.count for bar in x.bars) == 1_000
    assert (x.numbers["least"], x.numbers["most"], x.numbers["median"]) == ("0", "99.9", "49.95")


def test_nested_columns_are_taken_apart() -> None:
    assert {facts_of("who.name").distinct, facts_of("who.tags (how many)").distinct} == {2, 3}


def test_correlations_and_broken_rules_are_found() -> None:
    found = profile("t", 1_000, TABLE, [RULE])
    place = found.correlated.index
    assert found.correlations[place("x")][place("minus")] == pytest.approx(-1)
    assert found.checks == [Check("x is small", 100)]


@pytest.mark.parametrize("name", RECIPES)
def test_a_page_is_whole_and_fetches_nothing(name: str, tmp_path: Path) -> None:
    recipe, path = RECIPES[name], tmp_path / "report.html"
    write_report(path, "f" * 64, {name: (Job(recipe, 42, recipe.as_of, "csv"), 0, 2_000)})
    words = Words(path.read_text(encoding="utf-8"))
    assert words.fetched == []
    assert words.open == []
    text = " ".join(words.text)
    assert "f" * 64 in text
    assert "2,000 rows" in text
    assert all(rule.name in text for rule in recipe.rules)
    assert "broken" not in text
    assert "@import" not in text
    assert "url(" not in text


def test_hostile_values_do_not_become_markup(tmp_path: Path) -> None:
    from generator_svc.rows.language.data_set import recipe_of

    recipe = recipe_of({"name": "r", "columns": {"<b>": ["<script>alert(1)</script>", "x"], "b": "integer"}})
    path = tmp_path / "report.html"
    write_report(path, "0" * 64, {"r": (Job(recipe, 42, recipe.as_of, "csv"), 0, 100)})
    assert "<script" not in path.read_text(encoding="utf-8")


def test_a_large_table_is_examined_in_part_and_the_page_says_so(tmp_path: Path) -> None:
    recipe, path = RECIPES["inventory"], tmp_path / "report.html"
    write_report(path, "0" * 64, {"inventory": (Job(recipe, 42, recipe.as_of, "csv"), 0, 900_000)})
    text = path.read_text(encoding="utf-8")
    assert "900,000 rows (196,608 of them examined, spread evenly)" in text
