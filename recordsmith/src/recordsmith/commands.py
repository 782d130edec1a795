"""Commands of the local system: `run`, `demo`, `doctor`. What they need is imported when they run."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(add_completion=False)


class OrgName(StrEnum):
    """What a new sandbox is filled with."""

    claims = "claims"
    empty = "empty"


class Llm(StrEnum):
    """Who answers in the demo."""

    configured = "configured"
    local = "local"


class Form(StrEnum):
    """How a report is printed."""

    table = "table"
    json = "json"


@app.command()
def run(
    data: Annotated[Path, typer.Option(metavar="DIR", help="Folder for everything the system keeps.")] = Path(
        ".recordsmith"
    ),
    org: Annotated[OrgName, typer.Option(help="What a new sandbox is filled with.")] = OrgName.claims,
    records: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="How many claims a new sandbox holds (default 200).")
    ] = None,
    port: Annotated[
        int | None,
        typer.Option(min=1, max=65_535, metavar="P", help="The gateway's port (default 8400 or a free one)."),
    ] = None,
    replicas: Annotated[
        list[str] | None,
        typer.Option(metavar="SERVICE=N", help="Several of one service; needs KAFKA_BOOTSTRAP_SERVERS. Repeatable."),
    ] = None,
    plain: Annotated[bool, typer.Option("--plain", help="Lines instead of a table.")] = False,
) -> None:
    """Run the whole system on this machine until Ctrl-C.

    Broker and CRM sandbox are started too, unless KAFKA_BOOTSTRAP_SERVERS or real Salesforce
    credentials (SF_LOGIN_URL, SF_CONSUMER_KEY, SF_USERNAME, SF_PRIVATE_KEY_FILE) are set.

    Example: recordsmith run --data .recordsmith
    """
    from recordsmith.environment import read_environment
    from recordsmith.run import run as run_system
    from recordsmith.services import parse_replicas
    from recordsmith.system import Options

    environment = read_environment(Path.cwd())
    embedded = not environment.get("KAFKA_BOOTSTRAP_SERVERS")
    options = Options(
        data=data,
        environment=environment,
        org=org.value,
        records=records,
        port=port,
        replicas=parse_replicas(replicas or [], embedded=embedded),
    )
    raise typer.Exit(run_system(options, plain=plain))


@app.command()
def demo(
    data: Annotated[Path, typer.Option(metavar="DIR", help="Folder of the demo, emptied first.")] = Path(".demo"),
    llm: Annotated[
        Llm, typer.Option(help="local: build and ask a small LLM on this machine (first time about 5 minutes).")
    ] = Llm.configured,
    records: Annotated[int, typer.Option(min=1, max=100_000, help="How many claims get a summary.")] = 200,
    rows: Annotated[int, typer.Option(min=1, max=10_000_000, help="How many rows of inventory.")] = 1_000,
    llm_home: Annotated[Path, typer.Option(metavar="DIR", help="Where the local LLM is kept between demos.")] = Path(
        ".local-llm"
    ),
    plain: Annotated[bool, typer.Option("--plain", help="Lines instead of a progress bar.")] = False,
) -> None:
    """Show the main job from start to end, on a broker and a CRM sandbox of its own.

    Every claim gets a clinical summary, an inventory table is generated, then everything is stopped.
    Without an LLM the deterministic recipe answers.

    Example: recordsmith demo --data .demo
    """
    from recordsmith.demo import Demo, run_demo
    from recordsmith.environment import read_environment

    settings = Demo(
        data=data,
        records=records,
        rows=rows,
        local_llm=llm_home.resolve() if llm is Llm.local else None,
        environment=read_environment(Path.cwd()),
        plain=plain,
    )
    raise typer.Exit(run_demo(settings))


@app.command()
def doctor(
    output: Annotated[Form | None, typer.Option(help="Default: table on a terminal, json in a pipe.")] = None,
) -> None:
    """Say what is configured, reachable and missing, and the command that fixes it.

    Exit code 0 when a local system can run, else 3. Values of secrets are never shown.

    Example: recordsmith doctor --output table
    """
    from recordsmith.doctor import examine

    raise typer.Exit(examine(Path.cwd(), None if output is None else output.value))
