"""`recordsmith generate`: rows from a recipe, a description, a schema map or a describe, into a file or a table."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from generator_svc.commands.trouble import say, told

if TYPE_CHECKING:
    pass


class Format(StrEnum):
    """Forms that rows leave in."""

    csv = "csv"
    json = "json"
    jsonl = "jsonl"
    parquet = "parquet"
    sqlite = "sqlite"
    postgresql = "postgresql"


_SUFFIXES = {".csv": Format.csv, ".json": Format.json, ".jsonl": Format.jsonl, ".ndjson": Format.jsonl,
             ".parquet": Format.parquet, ".db": Format.sqlite, ".sqlite": Format.sqlite}  # fmt: skip


@told
def generate(
    recipe: Annotated[str | None, typer.Option(metavar="NAME|FILE", help="A recipe, or a recipe file.")] = None,
    description: Annotated[str | None, typer.Option(metavar="TEXT", help="What the rows are, in plain words.")] = None,
    schema: Annotated[str | None, typer.Option(metavar="FILE", help="Schema map: field → method.")] = None,
    describe: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Salesforce describe body or HubSpot property list.")
    ] = None,
    references: Annotated[
        list[str] | None, typer.Option(metavar="OBJECT=FILE", help="Ids that reference fields may hold. Repeatable.")
    ] = None,
    rows: Annotated[int, typer.Option(metavar="N", help="How many rows.")] = 1_000,
    seed: Annotated[int, typer.Option(metavar="S", help="Same seed, same bytes.")] = 42,
    form: Annotated[Format | None, typer.Option("--format", help="Default: by the name of the file, else csv.")] = None,
    out: Annotated[
        str | None,
        typer.Option(metavar="PATH", help="File, folder (several tables), or postgresql://… [default: stdout]."),
    ] = None,
    table: Annotated[str | None, typer.Option(metavar="NAME", help="Table of a database [the recipe].")] = None,
    workers: Annotated[int, typer.Option(min=1, max=256, metavar="K", help="Processes that make rows.")] = 1,
    start: Annotated[int, typer.Option(metavar="I", help="Number of the first row, from 0.")] = 0,
    as_of: Annotated[
        datetime | None, typer.Option("--as-of", formats=["%Y-%m-%d"], help="The day that ages and dates count from.")
    ] = None,
    report: Annotated[bool, typer.Option("--report", help="Also write PATH.report.html.")] = False,
) -> None:
    """Make rows without any service running; the same command gives the same bytes everywhere.

    A manifest beside the output says what was made and holds the root hash that `recordsmith verify` recomputes.

    Example: recordsmith generate --recipe inventory --rows 1000000 --workers 2 --out inventory.csv
    """
    from generator_svc.commands.origins import ORIGINS
    from generator_svc.commands.writing import Options, write

    given = {
        name: str(value)
        for name, value in (
            ("recipe", recipe), ("description", description), ("schema", schema), ("describe", describe),
        )
        if value is not None
    }  # fmt: skip
    origin, named = _only(given)
    if origin not in ORIGINS:
        say(f"recordsmith: --{origin} is not available in this installation")
        raise typer.Exit(2)
    made_of = ORIGINS[origin](named, _references(references or []))
    options = Options(
        rows=rows, seed=seed, start=start, out=out, form=_form(form, out), table=table, workers=workers,
        as_of=as_of.date() if as_of else made_of.as_of, report=report,
    )  # fmt: skip
    write(made_of, options)


def _only(given: dict[str, str]) -> tuple[str, str]:
    from shared.errors import Rejected

    if len(given) != 1:
        raise Rejected("give exactly one of --recipe, --description, --schema and --describe", category="validation")
    return next(iter(given.items()))


def _references(given: list[str]) -> dict[str, Path]:
    from shared.errors import Rejected

    pairs = [text.partition("=") for text in given]
    if wrong := [name for name, mark, file in pairs if not (name and mark and file)]:
        raise Rejected(f"--references takes OBJECT=FILE, not {wrong[0] or given[0]!r}", category="validation")
    return {name: Path(file) for name, _, file in pairs}


def _form(form: Format | None, out: str | None) -> str:
    if form is not None:
        return form.value
    if out and out.startswith(("postgresql://", "postgres://")):
        return Format.postgresql.value
    return _SUFFIXES.get(Path(out).suffix, Format.csv).value if out else Format.csv.value
