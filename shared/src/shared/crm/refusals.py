"""What a Salesforce answer means for what to do next."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from typing import Any

import httpx

from shared.errors import Fatal, Rejected, Retryable

TRANSIENT = frozenset({406, 420, 429, 500, 502, 503, 504})
"""406 and 420 come from the edge with an HTML body."""

ABSURD_DELAY_S = 3_600.0
"""A longer Retry-After is taken for a mistake of some proxy: Salesforce itself sends none."""

_WAIT = {
    "REQUEST_LIMIT_EXCEEDED": ("rate_limit", 300.0),
    "LIMIT_EXCEEDED": ("rate_limit", 60.0),
    "EXCEEDED_QUOTA": ("rate_limit", 300.0),
    "QUERY_TIMEOUT": ("timeout", None),
    "SERVER_UNAVAILABLE": ("network", None),
    "UNABLE_TO_LOCK_ROW": ("crm", None),
    # The cursor of a long query has died: the query starts again.
    "INVALID_QUERY_LOCATOR": ("crm", None),
}
_CLOSED = frozenset({"API_DISABLED_FOR_ORG", "API_CURRENTLY_DISABLED", "ORG_LOCKED"})


class SalesforceRefused(Rejected):
    """Salesforce will not do this. `said` is its own text, which may quote values: never logged, never in a span."""

    def __init__(self, status: int, code: str, said: str) -> None:
        super().__init__(f"Salesforce refused the request ({status} {code})", category="crm", code=code)
        self.status = status
        self.said = said


def is_transient(response: httpx.Response) -> bool:
    """Whether the same call may go well in a moment: overload, maintenance, or an edge that answers HTML."""
    if response.status_code in TRANSIENT or response.status_code >= 520:
        return True
    return response.status_code != 401 and _is_html(response)


def raise_for_refusal(response: httpx.Response) -> None:
    """Raise what a non-2xx answer means; a 401 never comes here before it was replayed."""
    if response.is_success:
        return
    status, (code, said) = response.status_code, error_of(response)
    if code in _WAIT:
        raise _wait(response, code, said)
    if status == 401 or code in _CLOSED:
        raise Fatal(f"Salesforce refuses the session ({status} {code})", category="auth", code=code)
    if is_transient(response):
        raise gave_up(response)
    raise SalesforceRefused(status, code, said)


def gave_up(response: httpx.Response) -> Retryable:
    """The error for an answer that stayed transient."""
    status, limited = response.status_code, response.status_code in (420, 429)
    return Retryable(
        f"Salesforce is not available ({status})",
        category="rate_limit" if limited else "network",
        code=error_of(response)[0] if limited else str(status),
        retry_after_s=retry_after(response),
    )


def retry_after(response: httpx.Response) -> float | None:
    """Seconds of a Retry-After header, between 0 and `ABSURD_DELAY_S`; None where it is missing or senseless."""
    text = response.headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        seconds = float(text)
    except ValueError:
        seconds = _until(text, response.headers.get("date"))
    return min(seconds, ABSURD_DELAY_S) if seconds >= 0 else None


def error_of(response: httpx.Response) -> tuple[str, str]:
    """(code, message) of an error body: a list of objects, an OAuth object, HTML or nothing at all."""
    body = _json(response)
    first = body[0] if isinstance(body, list) and body else body
    if not isinstance(first, dict):
        return f"HTTP_{response.status_code}", ""
    code = first.get("errorCode") or first.get("error") or first.get("exceptionCode")
    said = first.get("message") or first.get("error_description") or ""
    return str(code or f"HTTP_{response.status_code}"), str(said)


def _wait(response: httpx.Response, code: str, said: str) -> Retryable:
    category, delay = _WAIT[code]
    if code == "REQUEST_LIMIT_EXCEEDED" and said.startswith("Concurrent"):
        delay = 5.0
    return Retryable(
        f"Salesforce asks to wait ({response.status_code} {code})",
        category=category,  # type: ignore[arg-type]
        code=code,
        retry_after_s=retry_after(response) or delay,
    )


def _until(text: str, now: str | None) -> float:
    # The answer's own Date is the only clock that is surely the sender's.
    try:
        return (parsedate_to_datetime(text) - parsedate_to_datetime(now or "")).total_seconds()
    except (ValueError, TypeError):
        return -1.0


def _is_html(response: httpx.Response) -> bool:
    return "text/html" in response.headers.get("content-type", "") or response.content.lstrip()[:1] == b"<"


def _json(response: httpx.Response) -> Any:
    try:
        return json.loads(response.content)
    except ValueError:
        return None
