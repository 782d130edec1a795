"""Rows of a recipe go where the options say: to stdout, a file, a folder of files, a database."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from shared.errors import Rejected
from shared.row_blocks import root

from generator_svc.commands.trouble import say
from generator_svc.datasets.folder import WantedFolder, make_folder, tables_of
from generator_svc.datasets.making import Wanted, make_table, refuse_early
from generator_svc.datasets.slices import Job, slices
from generator_svc.outputs import OUTPUTS
from generator_svc.rows.csv_text import csv_header
from generator_svc.rows.recipe import DataSet, HasCompanions, RowRecipe

_EVERY_S = 0.2


@dataclass(frozen=True)
class Options:
    """What the command line says about the output."""

    rows: int
    seed: int
    start: int
    out: str | None
    form: str
    table: str | None
    workers: int
    as_of: date
    report: bool


def write(recipe: RowRecipe, options: Options) -> None:
    """Make and write; says on stderr what was made. Raises `Rejected`."""
    job = Job(recipe, options.seed, options.as_of, options.form)
    if options.report and (options.out is None or not OUTPUTS[options.form].is_file):
        raise Rejected("a report stands beside a file; give one with --out", category="validation")
    if isinstance(recipe, DataSet | HasCompanions):
        _write_folder(recipe, options)
        return
    wanted = Wanted(job, options.start, options.rows, options.out or "-", options.table or recipe.name, options.workers)
    if options.out is None:
        _to_stdout(wanted)
        return
    began = time.perf_counter()
    manifest = make_table(wanted, progress(options.rows))
    if options.report:
        report(Path(f"{options.out}.report.html"), manifest.root, {wanted.table: (job, wanted.first, wanted.rows)})
    _made(options.rows, options.out, time.perf_counter() - began, manifest.root)


def _write_folder(recipe: RowRecipe, options: Options) -> None:
    if options.out is None or options.start:
        raise Rejected(f"{recipe.name} makes several files: give a folder with --out, and no --start")
    began = time.perf_counter()
    wanted = WantedFolder(
        recipe, options.seed, options.rows, options.as_of, options.form, Path(options.out), options.workers
    )
    manifest = make_folder(wanted, progress(options.rows))
    if options.report:
        tables = {
            name: (Job(table.recipe, options.seed, options.as_of, options.form), 0, rows)
            for name, table in tables_of(recipe).items()
            if (rows := table.rows(options.seed, options.rows))
        }
        report(Path(options.out) / "report.html", manifest.root, tables)
    for name, table in manifest.tables.items():
        say(f"  {name}: {table.rows:,} rows")
    _made(
        sum(table.rows for table in manifest.tables.values()), options.out, time.perf_counter() - began, manifest.root
    )


def report(path: Path, root_hash: str, tables: Mapping[str, tuple[Job, int, int]]) -> None:
    """Write the page about the rows of some tables, which are made again for it."""
    # The statistics are not needed where nobody asks for a report.
    from generator_svc.datasets.report import write_report

    write_report(path, root_hash, tables)
    say(f"report {path}")


def _to_stdout(wanted: Wanted) -> None:
    job, schema = wanted.job, wanted.job.recipe.schema
    if job.output not in ("csv", "jsonl"):
        raise Rejected(f"{job.output} needs a place: give --out PATH", category="validation")
    refuse_early(Wanted(job, wanted.first, wanted.rows, "rows", wanted.table))
    hashes: list[bytes] = []
    stdout = sys.stdout.buffer
    if job.output == "csv":
        stdout.write(csv_header(schema.names))
    with slices(job, wanted.first, wanted.rows, wanted.workers) as made:
        for part in made:
            stdout.write(part.piece)
            hashes += part.hashes
    stdout.flush()
    say(f"root {root(schema.names, wanted.first, hashes, wanted.rows)}")


def _made(rows: int, place: str, seconds: float, root_hash: str) -> None:
    shown = place.partition("://")[0] if "://" in place else place
    say(f"{rows:,} rows in {seconds:.2f} s ({rows / max(seconds, 1e-6):,.0f}/s) → {shown}")
    say(f"root {root_hash}")


def progress(rows: int) -> Callable[[int], None]:
    """On a terminal, a line that says how far it is."""
    if not sys.stderr.isatty():
        return lambda _written: None
    last = [0.0]

    def tell(written: int) -> None:
        now = time.monotonic()
        if now - last[0] > _EVERY_S or written == rows:
            last[0] = now
            end = "\r\x1b[K" if written == rows else ""
            sys.stderr.write(f"\r\x1b[K{written:,} of {rows:,} rows{end}")
            sys.stderr.flush()

    return tell
