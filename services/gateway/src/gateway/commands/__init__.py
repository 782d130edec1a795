"""Commands that talk to a running system, as clients of its API and nothing else."""

from __future__ import annotations

import typer

from gateway.commands import batch, dead_letters

app = typer.Typer(no_args_is_help=True)
app.add_typer(batch.app, name="batch")
app.add_typer(dead_letters.app, name="dead-letters")
