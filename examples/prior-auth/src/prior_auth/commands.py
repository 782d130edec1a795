"""`prior-auth import | index | serve | process | measure`."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from prior_auth.data_set import NoDataSet, open_data_set
from prior_auth.orchestrator import NotFound, NotReady, Orchestrator
from prior_auth.policy_index import NoIndex, PolicyIndex, build
from prior_auth.tables import database

app = typer.Typer(no_args_is_help=True, add_completion=False, help="Prior authorization on the patient data.")

Database = Annotated[str, typer.Option("--database", envvar="DATABASE_URL", metavar="URL", help="SQLite, PostgreSQL.")]
IndexFile = Annotated[Path, typer.Option("--index", metavar="FILE", help="The policy index.")]

_DATABASE = "sqlite:///prior-auth.db"
_INDEX = Path("prior-auth.index")


@app.command("import")
def import_(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="Of `recordsmith recipe patients`.")],
    url: Database = _DATABASE,
    index: IndexFile = _INDEX,
) -> None:
    """Read a data set into the database and build the policy index; the same again changes nothing."""
    from prior_auth.importing import import_data_set

    engine = database(url)
    written = import_data_set(engine, open_data_set(folder), _progress)
    typer.echo(f"{written:,} patients imported" if written else "This data set is imported already.", err=True)
    typer.echo(f"{build(engine, index)} policy passages indexed", err=True)


@app.command("index")
def index_(url: Database = _DATABASE, index: IndexFile = _INDEX) -> None:
    """Build the policy index from scratch (S4-40)."""
    typer.echo(f"{build(database(url), index)} policy passages indexed", err=True)


@app.command()
def serve(
    url: Database = _DATABASE,
    index: IndexFile = _INDEX,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65_535, help="0: a free one.")] = 8500,
) -> None:
    """Answer POST /api/orchestrator/process."""
    import uvicorn

    from prior_auth.api import application

    engine = database(url)
    policies = PolicyIndex(engine, index)
    orchestrator = Orchestrator(engine, policies)
    orchestrator.warm_up()
    uvicorn.run(application(orchestrator, policies), host=host, port=port, log_level="warning")


@app.command()
def process(patient_id: str, drug: str, url: Database = _DATABASE, index: IndexFile = _INDEX) -> None:
    """Answer one question on stdout."""
    engine: Engine = database(url)
    answer = Orchestrator(engine, PolicyIndex(engine, index)).process(patient_id, drug)
    typer.echo(json.dumps(answer, indent=2, ensure_ascii=False))


@app.command()
def measure(url: Database = _DATABASE, index: IndexFile = _INDEX) -> None:
    """Print query times and the recall of the policy search, beside the guide's limits."""
    from prior_auth.measuring import report

    engine = database(url)
    if not report(engine, PolicyIndex(engine, index), sys.stdout):
        raise typer.Exit(1)


def main() -> None:
    """Run; what can be put right by the caller ends with a sentence and exit code 2."""
    try:
        app()
    except (NoDataSet, NoIndex, NotFound, NotReady) as error:
        typer.echo(f"prior-auth: {error}", err=True)
        sys.exit(2)
    except OperationalError as error:
        typer.echo(f"prior-auth: the database cannot be used: {error.orig}", err=True)
        sys.exit(2)


def _progress(rows: int) -> None:
    if sys.stderr.isatty():
        sys.stderr.write(f"\r\x1b[K{rows:,} patients\r")
