"""Commands that make data on this machine; no service need run. What they need is imported when they run."""

from __future__ import annotations

import typer

from generator_svc.commands import design, generate, recipe, verify

app = typer.Typer(no_args_is_help=True)
app.command("generate")(generate.generate)
app.command("design")(design.design)
app.command("verify")(verify.verify)
app.add_typer(recipe.app, name="recipe")
