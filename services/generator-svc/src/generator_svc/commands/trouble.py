"""What a person is told when a command cannot do what was asked: what happened, what to do; and the exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

import typer

P = ParamSpec("P")
R = TypeVar("R")

DIFFERENT, USAGE = 1, 2
CLOSED_PIPE = 141
"""128 + SIGPIPE, as shells count."""


def told(command: Callable[P, R]) -> Callable[P, R]:
    """Ends a command with exit code 2 and a sentence where the request or the place was refused."""

    @wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> R:
        from shared.errors import RecordsmithError

        try:
            return command(*args, **kwargs)
        except RecordsmithError as error:
            say(f"recordsmith: {error}")
        except BrokenPipeError:
            # The reader, such as `head`, has enough. Python would complain again when it flushes at the end.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(CLOSED_PIPE) from None
        except OSError as error:
            say(f"recordsmith: {error.filename or 'the output'}: {error.strerror or error}")
        raise typer.Exit(USAGE)

    return run


def say(text: str) -> None:
    """A line on stderr; stdout is for data."""
    typer.echo(text, err=True)
