"""How far a batch is: one moving line on a terminal, a line per quarter elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Protocol

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn


class Meter(Protocol):
    """Shows one batch."""

    def __enter__(self) -> Meter: ...
    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...
    def show(self, batch: Mapping[str, Any]) -> None: ...


def meter(name: str, *, plain: bool) -> Meter:
    """The right one for what stderr is."""
    return Lines(name) if plain or not sys.stderr.isatty() else Bar(name)


class Bar:
    """Bar, done/total, rate, ETA, and what became of the records."""

    def __init__(self, name: str) -> None:
        columns = (TextColumn("{task.description}"), BarColumn(30), TextColumn("{task.fields[line]}"))
        self._progress = Progress(*columns, console=Console(stderr=True))
        self._task = self._progress.add_task(f"{name:<20}", total=None, line="accepted")

    def __enter__(self) -> Bar:
        self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._progress.stop()

    def show(self, batch: Mapping[str, Any]) -> None:
        self._progress.update(self._task, completed=settled(batch), total=batch["requested"] or None, line=line(batch))


class Lines:
    """One line whenever another quarter is done."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._quarters = 0

    def __enter__(self) -> Lines:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        return

    def show(self, batch: Mapping[str, Any]) -> None:
        quarters = 4 * settled(batch) // batch["requested"] if batch["requested"] else 0
        if quarters > self._quarters:
            self._quarters = quarters
            print(f"{self._name}: {25 * quarters} %  {line(batch)}", file=sys.stderr, flush=True)


def settled(batch: Mapping[str, Any]) -> int:
    """How many records have reached their end."""
    return sum(count for state, count in batch["counts"].items() if state != "pending")


def line(batch: Mapping[str, Any]) -> str:
    """`120/200  31/s  2 s to go  ✓ 118 ✗ 2 ⤵ 118`."""
    counts = batch["counts"]
    parts = [f"{settled(batch)}/{batch['requested'] or '?'}"]
    if rate := batch.get("records_per_s"):
        parts.append(f"{rate:,.0f}/s")
    eta = (batch.get("eta_s") or {}).get("mid")
    if eta and counts["pending"]:
        parts.append(f"{eta:.0f} s to go")
    parts.append(f"✓ {counts['written'] + counts['generated']} ✗ {counts['failed']} ⤵ {batch['fallback']}")
    return "  ".join(parts)
