"""Conventions that neither the type checker nor import-linter can see."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCES = sorted(
    path
    for place in ("shared/src", "recordsmith/src", "services", "examples")
    for path in (ROOT / place).rglob("*.py")
    if "/tests/" not in str(path)
)
DOMAIN = [path for path in SOURCES if {"domain", "rows"} & set(path.parts)]
DRAWERS = {"utils", "util", "helpers", "helper", "common", "misc", "manager"}
IMPURE = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("date", "today"),
    ("time", "time"),
    ("time", "monotonic"),
    ("time", "sleep"),
    ("uuid", "uuid4"),
    ("asyncio", "sleep"),
}
SEEDED = {"Philox", "Generator"}
"""Of numpy.random: made from a given key and counter."""
LONGEST_FILE = 275
LONGEST_FUNCTION = 45


def named(path: Path) -> str:
    return str(path.relative_to(ROOT))


def calls(tree: ast.AST) -> Iterator[tuple[str, str, int]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.attr if isinstance(owner, ast.Attribute) else owner.id if isinstance(owner, ast.Name) else ""
            yield name, node.func.attr, node.lineno


def test_there_is_something_to_check() -> None:
    assert len(SOURCES) > 60
    assert len(DOMAIN) > 10


@pytest.mark.parametrize("path", DOMAIN, ids=named)
def test_domain_logic_is_given_its_clock_its_sleep_and_its_randomness(path: Path) -> None:
    found = [
        (owner, name, line)
        for owner, name, line in calls(ast.parse(path.read_text()))
        if (owner, name) in IMPURE or (owner == "random" and name not in SEEDED)
    ]
    assert found == []


@pytest.mark.parametrize("path", SOURCES, ids=named)
def test_no_module_is_a_drawer(path: Path) -> None:
    assert path.stem not in DRAWERS


def test_files_are_short_enough_to_read() -> None:
    assert {
        named(path): lines for path in SOURCES if (lines := len(path.read_text().splitlines())) > LONGEST_FILE
    } == {}


def test_functions_are_short_enough_to_read() -> None:
    long = {
        f"{named(path)}:{node.name}": length
        for path in SOURCES
        if "migrations" not in path.parts
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
        and (length := (node.end_lineno or 0) - node.body[0].lineno + 1) > LONGEST_FUNCTION
    }
    assert long == {}


def test_every_module_says_what_it_is() -> None:
    silent = [
        named(path)
        for path in SOURCES
        if path.read_text().strip() and ast.get_docstring(ast.parse(path.read_text())) is None
    ]
    assert silent == []


def test_settings_are_read_from_the_environment_in_one_place_per_service() -> None:
    readers = {
        named(path)
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Attribute) and node.attr == "environ"
    }
    allowed = ("shared/src/shared/telemetry/", "recordsmith/src/", "services/gateway/src/gateway/commands/")
    assert {path for path in readers if not path.startswith(allowed)} == set()
