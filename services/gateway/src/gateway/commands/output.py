"""Data on stdout as a table, JSON, JSON lines or CSV; conversation on stderr."""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable, Sequence
from enum import StrEnum
from itertools import chain
from typing import Any

import typer
from rich.console import Console
from rich.table import Table

Item = dict[str, Any]
_WIDTH_OF_A_PIPE = 200


class Format(StrEnum):
    """How data is shown; a table on a terminal, JSON lines in a pipe."""

    table = "table"
    json = "json"
    jsonl = "jsonl"
    csv = "csv"


def show(items: Iterable[Item], columns: Sequence[str], form: Format | None) -> None:
    """Print entries; `columns` are those of a table, every field goes into the other forms."""
    form = form or (Format.table if sys.stdout.isatty() else Format.jsonl)
    if form is Format.jsonl:
        for item in items:
            typer.echo(json.dumps(item, ensure_ascii=False))
    elif form is Format.json:
        typer.echo(json.dumps(list(items), ensure_ascii=False, indent=2))
    elif form is Format.csv:
        _csv(items, columns)
    else:
        _table(items, columns)


def show_one(item: Item, columns: Sequence[str], form: Format | None) -> None:
    """Print one entry; in JSON it is the object itself."""
    form = form or (Format.table if sys.stdout.isatty() else Format.jsonl)
    if form is Format.json:
        typer.echo(json.dumps(item, ensure_ascii=False, indent=2))
    elif form is Format.table:
        flat = _flat(item)
        width = max(len(name) for name in flat)
        for name, value in flat.items():
            typer.echo(f"{name:<{width}}  {'' if value is None else value}")
    else:
        show([item], columns, form)


def say(text: str) -> None:
    """Talk to the person; never part of the data."""
    typer.echo(text, err=True)


def _csv(items: Iterable[Item], columns: Sequence[str]) -> None:
    rest = iter(items)
    first = next(rest, None)
    names = list(_flat(first)) if first else list(columns)
    writer = csv.DictWriter(sys.stdout, names, extrasaction="ignore")
    writer.writeheader()
    writer.writerows(_flat(item) for item in chain([first] if first else [], rest))


def _table(items: Iterable[Item], columns: Sequence[str]) -> None:
    table = Table(box=None, header_style="bold", pad_edge=False)
    for name in columns:
        table.add_column(name, overflow="fold")
    for item in items:
        flat = _flat(item)
        if isinstance(change := item.get("change"), dict):
            flat["change"] = _changes(change)
        table.add_row(*("" if flat.get(name) is None else str(flat.get(name)) for name in columns))
    width = None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE
    Console(highlight=False, markup=False, width=width).print(table)


def _changes(change: Item) -> str:
    """What becomes of a record, a line for each field: `jobtitle: CFO → CEO`."""
    lines = [str(change.get("action") or "")]
    for name, told in (change.get("fields") or {}).items():
        before, after = (_said(told.get(side)) for side in ("before", "after"))
        lines.append(f"{name}: {before} → {after or '(empty)'}" if before else f"{name}: {after}")
    return "\n".join(lines)


def _said(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(_said(one) for one in value)
    return "" if value is None else str(value)


def _flat(item: Item) -> Item:
    """Counts and tokens as columns of their own; other nested values as JSON."""
    flat: Item = {}
    for name, value in item.items():
        if name in ("counts", "tokens"):
            flat |= {key if name == "counts" else f"{name}_{key}": inner for key, inner in value.items()}
        elif name != "links":
            flat[name] = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
    return flat
