"""What can go wrong with a call, as a category and a sentence of our own.

A provider's error text quotes the prompt back, so it is neither kept nor logged: only its status and its code are read.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from shared.errors import Category

RETRY_AFTER_CAP_S = 30.0
"""A `retry-after` above that is waited for no longer: the chain has other models."""

OVERLOADED = 529
"""Anthropic's `overloaded_error`; means what 429 means."""

_FILTER_CODES = {"content_filter", "content_policy_violation", "responsibleaipolicyviolation"}
_QUOTA_CODES = {"insufficient_quota", "billing_hard_limit_reached"}


class ProviderError(Exception):
    """A call that gave no usable answer. `reason` has no record contents."""

    def __init__(
        self,
        reason: str,
        *,
        category: Category,
        retryable: bool = False,
        retry_after_s: float | None = None,
        overload: bool = False,
        refuses_schema: bool = False,
    ) -> None:
        super().__init__(reason)
        self.reason = reason
        self.category: Category = category
        self.retryable = retryable
        self.retry_after_s = retry_after_s
        self.overload = overload
        """The provider has too much to do: fewer calls at a time."""
        self.refuses_schema = refuses_schema
        """The request itself was refused; perhaps it goes well without a structured mode."""

    @property
    def speaks_against_provider(self) -> bool:
        """Whether the breaker counts it: not for what a single prompt can cause, nor for a rate limit."""
        return self.retryable and self.category != "rate_limit"


def timed_out(timeout_s: float) -> ProviderError:
    """No answer within the time a call has."""
    return ProviderError(f"no answer within {timeout_s:g} s", category="timeout", retryable=True, overload=True)


def unreachable() -> ProviderError:
    """The connection could not be made, or broke."""
    return ProviderError("the connection failed", category="network", retryable=True)


def malformed() -> ProviderError:
    """A 2xx whose body is not what the dialect says."""
    return ProviderError("the answer could not be read", category="model_error", retryable=True)


def empty_answer() -> ProviderError:
    """A well-formed answer without any text."""
    return ProviderError("the answer was empty", category="model_error", retryable=True)


def filtered() -> ProviderError:
    """The provider's content filter, or the model itself, refused."""
    return ProviderError("the content filter refused", category="content_filter")


def from_status(status: int, headers: Mapping[str, str], body: Any) -> ProviderError:
    """What an HTTP status other than 2xx means."""
    code = error_code(body)
    if code in _FILTER_CODES:
        return filtered()
    said = f"it answered with status {status}"
    if status in (401, 403):
        return ProviderError(said, category="auth")
    if status in (429, OVERLOADED):
        return _too_much(said, code, headers)
    if status == 408:
        return ProviderError(said, category="timeout", retryable=True, overload=True)
    if status >= 500:
        return ProviderError(said, category="model_error", retryable=True, retry_after_s=retry_after(headers))
    return ProviderError(said, category="model_error", refuses_schema=status in (400, 422))


def _too_much(said: str, code: str, headers: Mapping[str, str]) -> ProviderError:
    if code in _QUOTA_CODES:
        return ProviderError(f"{said}: the quota is used up", category="rate_limit")
    wait = retry_after(headers)
    return ProviderError(said, category="rate_limit", retryable=True, retry_after_s=wait, overload=True)


def error_code(body: Any) -> str:
    """`error.code`, else `error.type`, of an error body of any of the dialects."""
    error = body.get("error") if isinstance(body, dict) else None
    if not isinstance(error, dict):
        return ""
    code = error.get("code") or error.get("type")
    return code.lower() if isinstance(code, str) else ""


def retry_after(headers: Mapping[str, str]) -> float | None:
    """Seconds that the provider asks for, capped; a date or nonsense counts as absent."""
    try:
        seconds = float(headers.get("retry-after", ""))
    except ValueError:
        return None
    return min(seconds, RETRY_AFTER_CAP_S) if seconds >= 0 else None
