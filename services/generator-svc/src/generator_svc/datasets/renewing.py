"""A folder that holds a data set already: made anew without leftovers, or given more rows."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from shared.errors import Rejected

from generator_svc.datasets.folder import WantedFolder, make_folder, tables_of
from generator_svc.datasets.making import Wanted, make_table, refuse_early, write_text
from generator_svc.datasets.manifest import (
    FOLDER_MANIFEST,
    FolderManifest,
    ManifestBroken,
    beside,
    read_folder,
    text_of,
)
from generator_svc.datasets.slices import Job
from generator_svc.datasets.verification import folder_root, verify

Told = Callable[[int], object]


def manifest_in(folder: Path) -> FolderManifest | None:
    """The manifest of the data set that is in the folder; None where there is none, or none that can be read."""
    try:
        return read_folder(folder / FOLDER_MANIFEST)
    except ManifestBroken:
        return None


def make_anew(wanted: WantedFolder, told: Told) -> FolderManifest:
    """As `make_folder`; files of the data set that was there and that the new one does not have are removed."""
    before = manifest_in(wanted.folder)
    old = {_inside(wanted.folder, name) for name in (*before.tables, *before.files)} if before else set()
    manifest = make_folder(wanted, told)
    for path in old - {_inside(wanted.folder, name) for name in (*manifest.tables, *manifest.files)}:
        path.unlink(missing_ok=True)
    return manifest


def append(wanted: WantedFolder, before: FolderManifest, told: Told) -> FolderManifest:
    """`wanted.rows` more rows of a recipe's one table; all other files stay as they are.

    The rows that are there are made again along with the new ones, which gives the same bytes and takes no memory.
    Raises `Rejected` where that would not give them: another recipe, seed or day, or a file that was changed.
    """
    (name,) = tables_of(wanted.recipe)
    (file, table), *others = before.tables.items()
    refuse_mixture(wanted, before, only_table=not others)
    path = wanted.folder / file
    if wrong := [finding.says for finding in verify(wanted.folder) if finding.path == path and not finding.ok]:
        raise Rejected(
            f"{file} was changed since it was made, so nothing can be added: {wrong[0]}", category="validation"
        )
    job = Job(wanted.recipe, wanted.seed, wanted.as_of, wanted.output)
    plan = Wanted(job, 0, table.rows + wanted.rows, str(path), name, wanted.workers)
    refuse_early(plan)
    made = make_table(plan, told)
    beside(path).unlink()
    tables = {file: made}
    manifest = before.model_copy(
        update={"rows": made.rows, "tables": tables, "root": folder_root(tables, before.files)}
    )
    write_text(wanted.folder / FOLDER_MANIFEST, text_of(manifest))
    return manifest


def refuse_mixture(wanted: WantedFolder, before: FolderManifest, *, only_table: bool = True) -> None:
    """Raise `Rejected` where the rows that are there are not the beginning of what is wanted."""
    there = replace(wanted, seed=before.seed, as_of=before.as_of, output=next(iter(before.tables.values())).format)
    differences = [
        f"{what} is {old}, not {new}"
        for what, old, new in (
            ("the recipe", f"{before.recipe} {before.version}", f"{wanted.recipe.name} {wanted.recipe.version}"),
            ("the seed", there.seed, wanted.seed),
            ("the day that ages count from", there.as_of, wanted.as_of),
            ("the format", there.output, wanted.output),
        )
        if old != new
    ]
    if differences or not only_table:
        reason = "; ".join(differences) or "it has several tables"
        raise Rejected(f"nothing can be added to the data set in {wanted.folder}: {reason}", category="validation")


def _inside(folder: Path, name: str) -> Path:
    """A file of the folder. Raises `Rejected` where a manifest names one outside."""
    path = (folder / name).resolve()
    if not path.is_relative_to(folder.resolve()):
        raise Rejected(f"the manifest in {folder} names a file outside of it", category="validation")
    return path
