"""The `sandbox` command."""

import os
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from crm_sandbox.settings import FolderInUseError, Settings

app = typer.Typer(add_completion=False)


class OrgName(StrEnum):
    claims = "claims"
    empty = "empty"


@app.command(name="sandbox")
def sandbox(
    data: Annotated[Path, typer.Option(help="Folder for the org's data, keys and sandbox.json; kept between runs.")],
    http_port: Annotated[int, typer.Option(min=0, max=65535, help="Port for http; 0 chooses a free one.")] = 0,
    https_port: Annotated[int, typer.Option(min=0, max=65535, help="Port for https; 0 chooses a free one.")] = 0,
    org: Annotated[OrgName, typer.Option(help="What a new data folder is filled with.")] = OrgName.claims,
    records: Annotated[int, typer.Option(min=0, max=1_000_000, help="How many claims a new org holds.")] = 200,
) -> None:
    """Run a local CRM on 127.0.0.1 until Ctrl-C; DIR/sandbox.json says how to log in."""
    # Here, because every `recordsmith` command imports this module and only this one needs the server.
    from crm_sandbox.server import PortTakenError, run

    # Everything below the folder is a credential or an org's data: nobody else's business.
    os.umask(0o077)
    try:
        run(Settings(data=data, http_port=http_port, https_port=https_port, org=org.value, records=records))
    except (PortTakenError, FolderInUseError) as error:
        typer.echo(f"recordsmith sandbox: {error}", err=True)
        raise typer.Exit(1) from error
