"""Errors say what to do next; their category says what it was."""

from __future__ import annotations

from typing import Literal

Category = Literal[
    "rate_limit",
    "network",
    "auth",
    "timeout",
    "model_error",
    "content_filter",
    "budget",
    "validation",
    "crm",
    "bug",
    "unknown",
]
"""What went wrong with a record, as the ledger and the dashboards group it (S2-59)."""


class RecordsmithError(Exception):
    """Base of all errors that cross a module border. The message is shown to people: no record contents in it."""

    def __init__(self, message: str, *, category: Category = "unknown", code: str | None = None) -> None:
        super().__init__(message)
        self.category: Category = category
        self.code = code


class Retryable(RecordsmithError):
    """May go well later: the bus delays and repeats the record within a bound."""

    def __init__(
        self,
        message: str,
        *,
        category: Category = "unknown",
        code: str | None = None,
        retry_after_s: float | None = None,
    ) -> None:
        super().__init__(message, category=category, code=code)
        self.retry_after_s = retry_after_s


class Rejected(RecordsmithError):
    """Will never go well as it stands: the record fails at once, the batch goes on."""


class Fatal(RecordsmithError):
    """Credentials or configuration: consuming stops, the service is not ready, nothing is skipped."""
