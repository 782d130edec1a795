"""Writes docs/reference/cli.md from the commands themselves: `python -m recordsmith.reference [--check] FILE`."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from recordsmith.root import build

_HEAD = """# Command line

Generated from the commands by `make docs`; `make check` compares.
"""


def reference() -> str:
    """Every command with its help, as Markdown. The same on every terminal."""
    root: Any = get_command(build())
    return _HEAD + "".join(_sections(root, "recordsmith"))


def main(arguments: list[str]) -> int:
    """Write the file, or with `--check` say whether it is up to date."""
    file = Path(arguments[-1])
    if "--check" not in arguments:
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(reference(), encoding="utf-8")
        return 0
    if file.exists() and file.read_text(encoding="utf-8") == reference():
        return 0
    print(f"{file} is not what the commands say. Run make docs.", file=sys.stderr)
    return 1


def _sections(command: Any, path: str) -> Iterator[str]:
    context = typer.Context(command, info_name=path)
    yield f"\n## {path}\n\n{_text(command)}"
    yield from (f"- {line}\n" for parameter in command.params if (line := _parameter(parameter, context)))
    if isinstance(command, TyperGroup):
        for name in command.list_commands(context):
            yield from _sections(command.get_command(context, name), f"{path} {name}")


def _text(command: Any) -> str:
    lines = (command.help or "").strip().splitlines()
    text = "\n".join(line.strip() for line in lines)
    head, marker, example = text.partition("Example: ")
    return f"{head}```text\n{example.strip()}\n```\n\n" if marker else f"{text}\n\n"


def _parameter(parameter: Any, context: Any) -> str | None:
    if getattr(parameter, "hidden", False):
        return None
    record = parameter.get_help_record(context)
    if record is None:
        return None
    usage, explanation = record
    return f"`{usage}` {explanation}".strip()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
