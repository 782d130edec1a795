"""`recordsmith recipe patients`: patients with the plans, forms and policies that decide about their drugs (S4)."""

from __future__ import annotations

import time
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from generator_svc.commands.trouble import say, told

if TYPE_CHECKING:
    from generator_svc.datasets.folder import WantedFolder
    from generator_svc.datasets.manifest import FolderManifest

app = typer.Typer(no_args_is_help=True, help="Data sets that a recipe makes as a folder of files.")


class PatientsFormat(StrEnum):
    """Forms that keep nested records."""

    json = "json"
    jsonl = "jsonl"
    parquet = "parquet"


class ProfileName(StrEnum):
    """Rule sets."""

    seed = "seed"
    clinical = "clinical"


@app.callback()
def recipes() -> None:
    """Make a data set of several files that agree with each other."""


@app.command()
@told
def patients(
    count: Annotated[int, typer.Option(metavar="N", help="How many patients.")] = 20,
    seed: Annotated[int | None, typer.Option(metavar="S", help="Same seed, same bytes; 42 by default.")] = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the files.")] = Path("mock_data"),
    append: Annotated[bool, typer.Option("--append", help="N more patients; all else stays as it is.")] = False,
    form: Annotated[PatientsFormat | None, typer.Option("--format", help="Of the patients; json by default.")] = None,
    profile: Annotated[
        ProfileName | None,
        typer.Option(help="seed: HbA1c > 6.5, BMI > 30; clinical: ≥, and nothing contraindicated. Default: seed."),
    ] = None,
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="The day that ages and dates count from.")
    ] = None,
    workers: Annotated[int, typer.Option(min=1, max=256, metavar="K", help="Processes that make patients.")] = 1,
    with_report: Annotated[bool, typer.Option("--report", help="Also write DIR/report.html.")] = False,
) -> None:
    """Make patients with labs, treatments and allergies, 100 plan decisions, 10 forms and 6 policies.

    With --append, seed, profile, format and day are those of the data set that is there.

    Example: recordsmith recipe patients --count 1000 --out mock_data
    """
    from generator_svc.datasets.folder import WantedFolder
    from generator_svc.datasets.renewing import manifest_in
    from generator_svc.recipes.clinical import PATIENTS, PATIENTS_CLINICAL

    by_profile = {ProfileName.seed: PATIENTS, ProfileName.clinical: PATIENTS_CLINICAL}
    before = manifest_in(out) if append else None
    named = {recipe.name: recipe for recipe in by_profile.values()}
    recipe = by_profile[profile] if profile else named.get(before.recipe if before else "", PATIENTS)
    wanted = WantedFolder(
        recipe=recipe,
        seed=seed if seed is not None else before.seed if before else 42,
        rows=count,
        as_of=as_of.date() if as_of else before.as_of if before else recipe.as_of,
        output=form.value if form else _format_of(before),
        folder=out,
        workers=workers,
    )
    began = time.perf_counter()
    manifest = _made(wanted, before, append=append)
    _tell(manifest, wanted, time.perf_counter() - began)
    if with_report:
        _report(manifest, wanted)


def _made(wanted: WantedFolder, before: FolderManifest | None, *, append: bool) -> FolderManifest:
    from shared.errors import Rejected

    from generator_svc.commands.writing import progress
    from generator_svc.datasets import renewing

    total = wanted.rows + (before.rows if before else 0)
    if wanted.rows < 1:
        raise Rejected(f"--count is {wanted.rows}: ask for 1 patient or more", category="validation")
    wanted.recipe.batch(wanted.seed, total - 1, 1, wanted.as_of)
    if before is not None:
        return renewing.append(wanted, before, progress(total))
    if append and any(wanted.folder.glob("patients.*")):
        raise Rejected(f"the patients in {wanted.folder} have no manifest: it is not known what to add to them")
    return renewing.make_anew(wanted, progress(total))


def _report(manifest: FolderManifest, wanted: WantedFolder) -> None:
    from generator_svc.commands.writing import report
    from generator_svc.datasets.slices import Job

    job = Job(wanted.recipe, wanted.seed, wanted.as_of, wanted.output)
    report(wanted.folder / "report.html", manifest.root, {"patients": (job, 0, manifest.rows)})


def _format_of(before: FolderManifest | None) -> str:
    return next(iter(before.tables.values())).format if before and before.tables else PatientsFormat.json.value


def _tell(manifest: FolderManifest, wanted: WantedFolder, seconds: float) -> None:
    for name, table in manifest.tables.items():
        say(f"  {wanted.folder / name}: {table.rows:,} patients")
    others = [name for name in manifest.files if "/" not in name]
    policies = len(manifest.files) - len(others)
    say(f"  {', '.join(others)} and {policies} policies")
    say(f"{wanted.rows:,} patients made in {seconds:.2f} s; recipe {manifest.recipe} {manifest.version}, "
        f"seed {manifest.seed}, as of {manifest.as_of}")  # fmt: skip
    say(f"root {manifest.root}")
