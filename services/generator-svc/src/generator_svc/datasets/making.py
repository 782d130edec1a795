"""A table is written: under a temporary name first, so that what was there stays until the new one is whole."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from shared.errors import Rejected
from shared.row_blocks import root

from generator_svc.datasets.manifest import TableManifest, beside, columns_of, text_of
from generator_svc.datasets.slices import Job, slices
from generator_svc.outputs import OUTPUTS
from generator_svc.rows.draws import SpaceTooSmall

MOST_ROWS = 500_000_000
"""Above, a number of rows is taken for a slip: a CSV of them has some 50 GB."""


@dataclass(frozen=True)
class Wanted:
    """A table to write."""

    job: Job
    first: int
    rows: int
    place: str
    """Path of a file, or address of a database."""
    table: str
    """Its name in a database."""
    workers: int = 1


def make_table(wanted: Wanted, told: Callable[[int], object] = lambda _rows: None) -> TableManifest:
    """Make and write the rows, then the manifest beside them; `told` hears how many rows are written so far.

    Raises `Rejected` before anything is made where it cannot go well, and `OSError` where the disk is full.
    """
    refuse_early(wanted)
    output = OUTPUTS[wanted.job.output]
    if not output.is_file:
        return _write(wanted, wanted.place, told)
    path = Path(wanted.place)
    with replacing(path) as temporary:
        manifest = _write(wanted, str(temporary), told)
    write_text(beside(path), text_of(manifest))
    return manifest


def refuse_early(wanted: Wanted) -> None:
    """Raise `Rejected` for what can be known to fail before a row is made."""
    job = wanted.job
    if wanted.rows < 1 or wanted.first < 0:
        raise Rejected("rows must be 1 or more, the start 0 or more", category="validation")
    if wanted.first + wanted.rows > MOST_ROWS:
        says = f"{wanted.first + wanted.rows:,} rows are more than the {MOST_ROWS:,} that can be made; ask for fewer"
        raise Rejected(says, category="validation")
    if refusal := OUTPUTS[job.output].refusal(job.recipe.schema):
        raise Rejected(f"recipe {job.recipe.name}: {refusal}", category="validation")
    try:
        job.batch(wanted.first + wanted.rows - 1, 1)  # where values run out, they do so at the end
    except SpaceTooSmall as error:
        raise Rejected(f"recipe {job.recipe.name}: {error}; ask for fewer rows", category="validation") from error
    if OUTPUTS[job.output].is_file:
        refuse_place(Path(wanted.place))
    elif not urlsplit(wanted.place).scheme:
        raise Rejected("a database is named by its address: postgresql://user@host/name", category="validation")


def refuse_place(path: Path) -> None:
    """Raise `Rejected` where a file cannot be written."""
    folder = path.parent
    if path.is_dir():
        raise Rejected(f"{path} is a folder; name a file in it", category="validation")
    if not folder.is_dir():
        raise Rejected(f"there is no folder {folder}; create it first", category="validation")
    if not os.access(folder, os.W_OK) or (path.exists() and not os.access(path, os.W_OK)):
        raise Rejected(f"{path} cannot be written to; choose another place", category="validation")


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """A temporary name in the same folder, which becomes the file when all went well."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.part")
    try:
        yield temporary
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


def write_text(path: Path, text: str) -> None:
    """Write a small file, at once or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def _write(wanted: Wanted, place: str, told: Callable[[int], object]) -> TableManifest:
    job, schema = wanted.job, wanted.job.recipe.schema
    sink = OUTPUTS[job.output].open(place, schema, wanted.table)
    hashes: list[bytes] = []
    written = 0
    try:
        with slices(job, wanted.first, wanted.rows, wanted.workers) as made:
            for part in made:
                sink.write(part.piece)
                hashes += part.hashes
                written += part.rows
                told(written)
        sink.finish()
    except BaseException:
        sink.discard()
        raise
    return manifest_of(wanted, root(schema.names, wanted.first, hashes, wanted.rows))


def manifest_of(wanted: Wanted, root_hash: str, **more: Any) -> TableManifest:
    """The manifest of a table that is written."""
    job = wanted.job
    table = wanted.table if job.output in ("sqlite", "postgresql") else None
    return TableManifest(
        recipe=job.recipe.name, version=job.recipe.version, seed=job.seed, start=wanted.first, rows=wanted.rows,
        as_of=job.as_of, format=job.output, root=root_hash, table=table, **columns_of(job.recipe.schema), **more,
    )  # fmt: skip
