"""The root command: what every installed package adds to `recordsmith`, side by side."""

from __future__ import annotations

import os
import sys
import traceback
from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoint, entry_points, version
from typing import Annotated, Any

import typer
from typer.core import TyperGroup
from typer.main import get_group

from recordsmith.exit_codes import BUG, INTERRUPTED

GROUP = "recordsmith.commands"
"""Entry point group: each entry is a `typer.Typer` whose commands appear under `recordsmith`."""


class InstalledCommands(TyperGroup):
    """Imports packages only as far as needed: `recordsmith run` must not wait for what `generate` imports."""

    def __init__(self, **attributes: Any) -> None:
        super().__init__(**attributes)
        self._unread: Iterator[EntryPoint] = iter(installed_entry_points())

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The named command, of the first package that has it."""
        while cmd_name not in self.commands and self._read_next():
            pass
        return self.commands.get(cmd_name)

    def list_commands(self, ctx: Any) -> list[str]:
        """All commands by name."""
        while self._read_next():
            pass
        return sorted(self.commands)

    def _read_next(self) -> bool:
        entry = next(self._unread, None)
        if entry is None:
            return False
        for name, command in _commands_of(entry).items():
            self.commands.setdefault(name, command)
        return True


def installed_entry_points() -> list[EntryPoint]:
    """Entry points of the group; our own first, because starting the system should not import the others."""
    return sorted(entry_points(group=GROUP), key=lambda entry: (entry.name != "local", entry.name))


def build() -> typer.Typer:
    """The root application, also for the generated reference (docs/reference/cli.md)."""
    root = typer.Typer(
        name="recordsmith",
        cls=InstalledCommands,
        add_completion=False,
        invoke_without_command=True,
        context_settings={"help_option_names": ["-h", "--help"]},
    )
    root.callback()(_root)
    return root


def invoke(arguments: Sequence[str]) -> int:
    """Run one command line; its exit code (0 all well, 2 usage, 3 not available, 70 a bug; problems.py)."""
    try:
        code = typer.main.get_command(build())(list(arguments), prog_name="recordsmith", standalone_mode=False)
    except typer.TyperException as error:
        _tell(error)
        return error.exit_code
    except (typer.Abort, KeyboardInterrupt):
        return INTERRUPTED
    except Exception as error:
        return _tell_bug(error)
    return code if isinstance(code, int) else 0


def _root(
    ctx: typer.Context,
    show_version: Annotated[bool, typer.Option("--version", help="Print the version and end.")] = False,
) -> None:
    """Fill CRM records with LLM answers or made-up data, over Kafka, every record accounted for.

    Example: recordsmith demo --data .demo
    """
    if show_version:
        typer.echo(f"recordsmith {version('recordsmith')}")
        raise typer.Exit
    if ctx.invoked_subcommand is None:
        typer.echo(ctx.get_help())


def _commands_of(entry: EntryPoint) -> dict[str, Any]:
    try:
        return dict(get_group(entry.load()).commands)
    except Exception as error:
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        typer.echo(f"recordsmith: commands of {entry.value.partition(':')[0]} are missing: {reason}", err=True)
        return {}


def _tell(error: typer.TyperException) -> None:
    message = error.format_message()
    if not message:
        return  # a group without a command has shown its help
    typer.echo(f"recordsmith: {message}", err=True)
    context = getattr(error, "ctx", None)
    if context is not None:
        typer.echo(f"Try: {context.command_path} --help", err=True)


def _tell_bug(error: Exception) -> int:
    if os.environ.get("RECORDSMITH_TRACEBACK"):
        traceback.print_exception(error, file=sys.stderr)
    typer.echo(f"recordsmith: this is a bug: {type(error).__name__}: {error}", err=True)
    typer.echo("Run it again with RECORDSMITH_TRACEBACK=1 and report what it prints.", err=True)
    return BUG
