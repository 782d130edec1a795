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
_LONGEST_VALUE = 60
"""Of a field's value in a table; the other forms hold all of it."""


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
        if isinstance(item.get("change"), dict):
            flat["change"] = _told(item["change"])
        table.add_row(*("" if flat.get(name) is None else str(flat.get(name)) for name in columns))
    width = None if sys.stdout.isatty() else _WIDTH_OF_A_PIPE
    Console(highlight=False, markup=False, width=width).print(table)


def _told(change: Item) -> str:
    """What a plan does to a record, a line for each field, as a person reads it."""
    fields = change.get("fields") or {}
    lines = [f"{name}: {_short(one.get('before'))} → {_short(one.get('after'))}" for name, one in fields.items()]
    return "\n".join([str(change.get("action")), *lines])


def _short(value: Any) -> str:
    text = "(empty)" if value in (None, "") else value if isinstance(value, str) else json.dumps(value)
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_VALUE else text[: _LONGEST_VALUE - 1] + "…"


def _flat(item: Item) -> Item:
    """Counts and tokens as columns of their own; other nested values as JSON."""
    flat: Item = {}
    for name, value in item.items():
        if name in ("counts", "tokens"):
            flat |= {key if name == "counts" else f"{name}_{key}": inner for key, inner in value.items()}
        elif name != "links":
            flat[name] = json.dumps(value, ensure_ascii=False) if isinstance(value, dict | list) else value
    return flat
