"""Every numbered check of the CRM contracts names the tests that prove it, and those tests exist.

The data is one file a part in `conformance/`; `docs/reference/conformance.md` is generated from the same files.
"""

from __future__ import annotations

import ast
import tomllib
from functools import cache
from pathlib import Path
from typing import NotRequired, TypedDict

import pytest

ROOT = Path(__file__).parents[2]
PARTS = sorted((Path(__file__).parent / "conformance").glob("*.toml"))
NUMBERS = range(1, 103)
SIDES = {"S": {"sandbox"}, "W": {"product"}, "S/W": {"sandbox", "product"}}


class Check(TypedDict):
    """One numbered sentence and its proof."""

    number: int
    side: str
    must: str
    sandbox: NotRequired[list[str]]
    product: NotRequired[list[str]]
    open: NotRequired[str]


class Part(TypedDict):
    """One file."""

    title: str
    check: list[Check]


def part_of(path: Path) -> Part:
    part: Part = tomllib.loads(path.read_text(encoding="utf-8"))  # type: ignore[assignment]
    return part


CHECKS = [check for path in PARTS for check in part_of(path)["check"]]


@cache
def functions_of(path: Path) -> frozenset[str]:
    """Names of the test functions of a file."""
    return frozenset(
        node.name
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.name.startswith("test_")
    )


def named(check: Check) -> str:
    return str(check["number"])


def test_every_number_is_there_once() -> None:
    assert sorted(check["number"] for check in CHECKS) == list(NUMBERS)


@pytest.mark.parametrize("check", CHECKS, ids=named)
def test_what_proves_a_check_exists(check: Check) -> None:
    for proof in [*check.get("sandbox", []), *check.get("product", [])]:
        file, _, name = proof.partition("::")
        assert (ROOT / file).is_file(), f"check {check['number']} names {file}"
        assert name in functions_of(ROOT / file), f"check {check['number']} names {proof}"


@pytest.mark.parametrize("check", CHECKS, ids=named)
def test_a_check_is_proved_on_each_of_its_sides_or_says_what_is_open(check: Check) -> None:
    proved = {side for side in ("sandbox", "product") if check.get(side)}
    assert check.get("open") or proved >= SIDES[check["side"]], f"check {check['number']} lacks proof"
