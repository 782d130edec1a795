"""`python -m shared.contract`: write `shared/schemas`; `--check`: say what differs, exit 1 when anything does."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from shared.contract.compatibility import breaking_changes
from shared.contract.documents import Document, documents

SCHEMAS = Path(__file__).parents[3] / "schemas"


def main() -> int:
    """Exit code 0: written, or nothing differs; 1: something differs; 2: a breaking change was refused."""
    parser = argparse.ArgumentParser(prog="python -m shared.contract", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 when the committed files differ")
    parser.add_argument("--allow-breaking", action="store_true", help="write breaking changes of a type in place")
    parser.add_argument("--schemas", type=Path, default=SCHEMAS, help="folder of the committed files")
    options = parser.parse_args()
    wanted = documents()
    breaking = _breaking(options.schemas, wanted)
    if breaking and not options.allow_breaking:
        print(
            "Breaking changes. Make a new event type (v2) instead, or change it back:",
            *breaking,
            sep="\n  ",
            file=sys.stderr,
        )
        return 2
    return _check(options.schemas, wanted) if options.check else _write(options.schemas, wanted)


def _breaking(folder: Path, wanted: dict[str, Document]) -> list[str]:
    found = []
    for path in sorted(folder.glob("recordsmith.*.json")):
        if path.name not in wanted:
            found.append(f"{path.stem}: the event type is gone")
            continue
        found += [
            f"{path.stem} {change}" for change in breaking_changes(json.loads(path.read_text()), wanted[path.name])
        ]
    return found


def _check(folder: Path, wanted: dict[str, Document]) -> int:
    stale = [name for name, content in wanted.items() if _text_of(folder / name) != _text(content)]
    stale += [path.name for path in folder.glob("*.json") if path.name not in wanted]
    if stale:
        print("Not what the models say (run `make schemas`):", *sorted(stale), sep="\n  ", file=sys.stderr)
    return bool(stale)


def _write(folder: Path, wanted: dict[str, Document]) -> int:
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob("*.json"):
        if path.name not in wanted:
            path.unlink()
    for name, content in wanted.items():
        (folder / name).write_text(_text(content), encoding="utf-8")
    print(f"{len(wanted)} documents in {folder}")
    return 0


def _text(content: Document) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _text_of(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


if __name__ == "__main__":
    sys.exit(main())
