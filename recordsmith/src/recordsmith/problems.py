"""What a person is told when something cannot be done: what happened, then what to do."""

from __future__ import annotations

import typer

from recordsmith.exit_codes import NOT_AVAILABLE


class Problem(typer.TyperException):
    """Ends a command. Line 1 says what happened, line 2 what to do about it."""

    def __init__(self, what: str, remedy: str, exit_code: int = NOT_AVAILABLE) -> None:
        super().__init__(f"{what}\n{remedy}")
        self.what = what
        self.remedy = remedy
        self.exit_code = exit_code
