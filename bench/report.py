"""What every bench prints: a table for people, one JSON line per figure for scripts."""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import version
from statistics import median
from typing import TypeVar

T = TypeVar("T")

VERSIONS = ("aiokafka", "faststream", "pydantic", "aiohttp")


@dataclass(frozen=True)
class Figure:
    """One measured value beside what it is compared with."""

    figure: str
    value: float
    unit: str
    against: str
    against_value: float
    ratio: float
    n: int
    scaled: bool = False
    """True when BENCH_N made the run smaller than the figure's own size."""

    @classmethod
    def of(
        cls, figure: str, value: float, unit: str, *, against: str, against_value: float, n: int, full_n: int
    ) -> Figure:
        """`ratio` is value ÷ against_value."""
        ratio = round(value / against_value, 4) if against_value else 0.0
        return cls(figure, round(value, 3), unit, against, round(against_value, 3), ratio, n, scaled=n < full_n)


def sized(full_n: int) -> int:
    """How many records to run: `BENCH_N` scales a bench down for a quick look."""
    return min(full_n, int(os.environ.get("BENCH_N", full_n)))


def interleaved(rounds: int, *contenders: Callable[[], T]) -> list[list[T]]:
    """Run the contenders in turn, A B A B …, so that a drift of the machine meets all of them."""
    results: list[list[T]] = [[] for _ in contenders]
    for _ in range(rounds):
        for kept, contender in zip(results, contenders, strict=True):
            kept.append(contender())
    return results


def middle(values: Sequence[float]) -> float:
    """Median."""
    return float(median(values))


def report(figures: Sequence[Figure]) -> None:
    """The table on stderr, the JSON lines on stdout."""
    machine = f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}"
    installed = ", ".join(f"{name} {version(name)}" for name in VERSIONS)
    print(f"\n{machine}; {installed}", file=sys.stderr)
    for row in figures:
        scaled = "  (scaled down)" if row.scaled else ""
        print(
            f"{row.figure:32} {row.value:>14,.2f} {row.unit:12} against {row.against}: "
            f"{row.against_value:,.2f}  ratio {row.ratio:.3f}{scaled}",
            file=sys.stderr,
        )
    for row in figures:
        print(json.dumps(asdict(row)), flush=True)
