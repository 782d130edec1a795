"""A data set of several files: tables that refer to each other, and files that belong to the rows."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from pathlib import Path

from shared.errors import Rejected

from generator_svc.datasets.making import Wanted, make_table, refuse_early, write_text
from generator_svc.datasets.manifest import FOLDER_MANIFEST, FolderManifest, TableManifest, beside, text_of
from generator_svc.datasets.slices import Job
from generator_svc.datasets.verification import folder_root
from generator_svc.outputs import OUTPUTS
from generator_svc.rows.recipe import Companion, DataSet, HasCompanions, RowRecipe, Table


@dataclass(frozen=True)
class WantedFolder:
    """A data set to write."""

    recipe: RowRecipe
    seed: int
    rows: int
    as_of: date
    output: str
    folder: Path
    workers: int = 1


def tables_of(recipe: RowRecipe) -> Mapping[str, Table]:
    """The tables of a recipe; most have one, of their own name."""
    return recipe.tables if isinstance(recipe, DataSet) else {recipe.name: Table(recipe)}


def make_folder(wanted: WantedFolder, told: Callable[[int], object] = lambda _rows: None) -> FolderManifest:
    """Make all files under temporary names, then put them in place, the manifest last. Raises as `make_table` does."""
    if not OUTPUTS[wanted.output].is_file:
        raise Rejected(f"{wanted.output} takes one table; choose a file format for a folder", category="validation")
    plans = {name: _plan(wanted, name, table) for name, table in tables_of(wanted.recipe).items()}
    _make_folder(wanted.folder)
    for plan in plans.values():
        if plan.rows:
            refuse_early(plan)
    with ExitStack() as undo:
        hidden = wanted.folder / f".making.{os.getpid()}"
        hidden.mkdir()
        undo.callback(_remove, hidden)
        tables = {_file(plan): _made(plan, hidden, told) for plan in plans.values()}
        files = dict(_companion(hidden, one) for one in _companions(wanted))
        for name in (*tables, *files):
            (wanted.folder / name).parent.mkdir(parents=True, exist_ok=True)
            os.replace(hidden / name, wanted.folder / name)
    manifest = FolderManifest(
        recipe=wanted.recipe.name, version=wanted.recipe.version, seed=wanted.seed, rows=wanted.rows,
        as_of=wanted.as_of, root=folder_root(tables, files), tables=tables, files=files,
    )  # fmt: skip
    write_text(wanted.folder / FOLDER_MANIFEST, text_of(manifest))
    return manifest


def _plan(wanted: WantedFolder, name: str, table: Table) -> Wanted:
    job = Job(table.recipe, wanted.seed, wanted.as_of, wanted.output)
    place = str(wanted.folder / f"{name}{OUTPUTS[wanted.output].suffix}")
    return Wanted(job, 0, table.rows(wanted.seed, wanted.rows), place, name, wanted.workers)


def _made(plan: Wanted, hidden: Path, told: Callable[[int], object]) -> TableManifest:
    place = hidden / _file(plan)
    manifest = make_table(Wanted(plan.job, 0, plan.rows, str(place), plan.table, plan.workers), told)
    beside(place).unlink()
    return manifest


def _file(plan: Wanted) -> str:
    return Path(plan.place).name


def _companions(wanted: WantedFolder) -> list[Companion]:
    recipe = wanted.recipe
    return list(recipe.companions(wanted.seed, wanted.as_of)) if isinstance(recipe, HasCompanions) else []


def _companion(hidden: Path, companion: Companion) -> tuple[str, str]:
    path = hidden / companion.path
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(companion.content)
    return companion.path, sha256(companion.content).hexdigest()


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise Rejected(f"{folder} cannot be a folder: {error.strerror}", category="validation") from error
    if not os.access(folder, os.W_OK):
        raise Rejected(f"{folder} cannot be written to; choose another place", category="validation")


def _remove(folder: Path) -> None:
    for path in sorted(folder.rglob("*"), reverse=True):
        path.rmdir() if path.is_dir() else path.unlink()
    folder.rmdir()
