"""docs/reference/conformance.md from the numbered checks in tests/contracts/conformance.

python docs/generate/conformance.py [--check]
"""

from __future__ import annotations

import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pages import Page, run

PARTS = Path(__file__).resolve().parents[2] / "tests/contracts/conformance"

INTRODUCTION = """# What is proved against the CRM contracts

Generated from `tests/contracts/conformance` by `python docs/generate/all.py`. Do not edit.

Each number is one thing that the CRM sandbox (**S**), the product (**W**: its sources and its writer) or both must
do, with the tests that prove it. Tests of the product talk to the sandbox's real server over HTTP unless the check is
about a pure rule. `tests/contracts/test_conformance.py` fails when a test that is named here no longer exists, and
when a side has neither a test nor a note of what is open.
"""


def rendered() -> str:
    """The page."""
    parts = [tomllib.loads(path.read_text(encoding="utf-8")) for path in PARTS.glob("*.toml")]
    parts.sort(key=lambda part: min(check["number"] for check in part["check"]))
    return "\n".join([INTRODUCTION, summary(parts), *(section(part) for part in parts)])


def summary(parts: list[dict[str, Any]]) -> str:
    """How many there are and how many have something open."""
    checks = [check for part in parts for check in part["check"]]
    waiting = [str(number) for number in sorted(check["number"] for check in checks if check.get("open"))]
    return f"{len(checks)} checks; {len(waiting)} with something open: {', '.join(waiting) or 'none'}.\n"


def section(part: dict[str, Any]) -> str:
    """The checks of one file."""
    return "\n".join([f"## {part['title']}\n", *(line for check in part["check"] for line in entry(check))])


def entry(check: dict[str, Any]) -> Iterator[str]:
    """One check: its sentence, then a line for every test."""
    yield f"**{check['number']}** ({check['side']}) {' '.join(check['must'].split())}\n"
    for side, letter in (("sandbox", "S"), ("product", "W")):
        for proof in check.get(side, []):
            yield f"- {letter} `{proof}`"
    if "open" in check:
        yield f"- open: {' '.join(check['open'].split())}"
    yield ""


PAGE = Page("conformance.md", rendered)

if __name__ == "__main__":
    sys.exit(run([PAGE]))
