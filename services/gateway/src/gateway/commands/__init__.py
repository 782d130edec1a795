"""Commands that talk to a running system, as clients of its API and nothing else."""

from __future__ import annotations

import typer

from gateway.commands import batch, dead_letters, records

app = typer.Typer(no_args_is_help=True)
app.add_typer(batch.app, name="batch")
app.add_typer(dead_letters.app, name="dead-letters")
app.add_typer(records.app, name="records")
