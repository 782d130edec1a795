"""A generated page: written, or compared with what is there."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

REFERENCE = Path(__file__).resolve().parents[1] / "reference"


@dataclass(frozen=True)
class Page:
    """One file of docs/reference and how its text is made."""

    name: str
    render: Callable[[], str]

    @property
    def path(self) -> Path:
        """Where the page is."""
        return REFERENCE / self.name

    def is_current(self) -> bool:
        """Whether the file says what the code says."""
        return self.path.exists() and self.path.read_text(encoding="utf-8") == self.render()

    def write(self) -> None:
        """Make the file say what the code says."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text(self.render(), encoding="utf-8")


def run(pages: Sequence[Page]) -> int:
    """Command line of a generator: writes the pages, or with `--check` names those that are out of date."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--check", action="store_true", help="change nothing; exit 1 if a page is out of date")
    if not parser.parse_args().check:
        for page in pages:
            page.write()
        return 0
    stale = [page.name for page in pages if not page.is_current()]
    for name in stale:
        print(f"docs/reference/{name} is out of date: run `python docs/generate/all.py`", file=sys.stderr)
    return 1 if stale else 0


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell(text) for text in line) + " |" for line in lines) + "\n"


def cell(text: str) -> str:
    """Text that cannot end its cell."""
    return " ".join(text.split()).replace("|", "\\|")
