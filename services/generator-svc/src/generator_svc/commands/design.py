"""`recordsmith design`: a description becomes a schema map that can be read, edited and used again."""

from __future__ import annotations

from typing import Annotated

import typer

from generator_svc.commands.trouble import say, told

PREVIEW_ROWS = 10
PREVIEW_WIDTH = 32


@told
def design(
    description: Annotated[
        str | None, typer.Argument(metavar="TEXT", help="What the rows are, in plain words.")
    ] = None,
    describe: Annotated[
        str | None, typer.Option(metavar="FILE", help="Instead: print a describe as the JSON Schema of its records.")
    ] = None,
    save: Annotated[
        str | None, typer.Option("--save", metavar="NAME", help="Also write the schema map to NAME.json.")
    ] = None,
    preview: Annotated[bool, typer.Option(help="Show ten rows on stderr.")] = True,
    seed: Annotated[int, typer.Option(metavar="S", help="Seed of the preview.")] = 42,
) -> None:
    """Design a schema map from a description: one call to the configured LLM, remembered, else by the words alone.

    The map goes to stdout; edit it and make rows with `recordsmith generate --schema FILE`.

    Example: recordsmith design "customers with names, emails, purchase amounts" --save customers
    """
    import orjson
    from shared.errors import Rejected

    from generator_svc.commands.designing import designed, saved_schema
    from generator_svc.datasets.making import refuse_place, write_text
    from generator_svc.design.compiling import compiled

    if describe is not None and description is None:
        typer.echo(_json_schema(describe), nl=False)
        return
    if description is None or describe is not None:
        raise Rejected("give either a description or --describe FILE", category="validation")
    schema = designed(description).schema
    text = orjson.dumps(schema.as_map(), option=orjson.OPT_INDENT_2).decode() + "\n"
    if save is not None:
        path = saved_schema(save)
        refuse_place(path)
        write_text(path, text)
        say(f"saved as {path}; make rows with: recordsmith generate --schema {path} --rows 1000 --out rows.csv")
    typer.echo(text, nl=False)
    if preview:
        recipe = compiled(schema)
        _show(recipe.batch(seed, 0, PREVIEW_ROWS, recipe.as_of).to_pylist())


def _json_schema(name: str) -> str:
    from pathlib import Path

    import orjson

    from generator_svc.commands.designing import read_json
    from generator_svc.describe.documents import read_document
    from generator_svc.describe.json_schema import json_schema_of

    schema = json_schema_of(read_document(read_json(Path(name))))
    return orjson.dumps(schema, option=orjson.OPT_INDENT_2).decode() + "\n"


def _show(rows: list[dict[str, object]]) -> None:
    names = list(rows[0])
    cells = [names, *([_cell(row[name]) for name in names] for row in rows)]
    widths = [min(PREVIEW_WIDTH, max(len(line[place]) for line in cells)) for place in range(len(names))]
    for line in cells:
        say("  ".join(cell[:width].ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    return "" if value is None else " ".join(str(value).split())
