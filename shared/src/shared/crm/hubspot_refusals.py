"""What a HubSpot answer means for what to do next."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import httpx

from shared.crm.hubspot_limits import Hold, body_of, hold_of
from shared.errors import Fatal, RecordsmithError, Rejected, Retryable

SCOPES = "MISSING_SCOPES"
NO_PROPERTY = "PROPERTY_DOESNT_EXIST"


class HubSpotRefused(Rejected):
    """HubSpot will not do this. `body` may quote values: never logged, never in a span."""

    def __init__(self, status: int, body: Mapping[str, Any], message: str | None = None) -> None:
        code = code_of(body) or f"HTTP_{status}"
        super().__init__(message or f"HubSpot refused the request ({status} {code})", category="crm", code=code)
        self.status = status
        self.body = body
        self.properties = properties_of(body)


def error_for(response: httpx.Response) -> RecordsmithError:
    """What a non-2xx answer means; a 401 never comes here before it was replayed."""
    status, body, hold = response.status_code, body_of(response), hold_of(response)
    if hold is not None:
        return gave_up(status, hold)
    if status == 401:
        return Fatal("HubSpot refuses the access token", category="auth", code=code_of(body) or "401")
    if status == 403 and (scopes := _scopes(body)):
        return HubSpotRefused(status, body, f"The HubSpot token lacks the scope {', '.join(scopes)}.")
    return HubSpotRefused(status, body)


def gave_up(status: int, hold: Hold) -> Retryable:
    """The error for an answer that stayed transient."""
    limited = status == 429
    return Retryable(
        f"HubSpot asks to wait ({status} {hold.policy})" if limited else f"HubSpot is not available ({status})",
        category="rate_limit" if limited else "crm" if status == 423 else "network",
        code=hold.policy or str(status),
        retry_after_s=hold.seconds,
    )


def code_of(error: Mapping[str, Any]) -> str | None:
    """The most telling code of an error: of its first detail, else its category."""
    details = error.get("errors")
    first = details[0] if isinstance(details, list) and details and isinstance(details[0], dict) else {}
    found = first.get("code") or error.get("subCategory") or error.get("category") or error.get("status")
    return str(found) if found and found != "error" else None


def properties_of(error: Mapping[str, Any]) -> tuple[str, ...]:
    """Names of the properties that an error is about."""
    details = [detail for detail in error.get("errors") or [] if isinstance(detail, dict)]
    named = (name for one in (error, *details) for name in context_of(one, "propertyName", "properties"))
    return tuple(dict.fromkeys(named))


def context_of(error: Mapping[str, Any], *keys: str) -> Iterable[str]:
    """Values of an error's context, which is a list of texts by key – or a text, where an API forgot the list."""
    context = error.get("context")
    if not isinstance(context, Mapping):
        return ()
    found: list[str] = []
    for key in keys:
        value = context.get(key)
        found += [str(one) for one in value] if isinstance(value, list) else [str(value)] if value else []
    return found


def _scopes(body: Mapping[str, Any]) -> list[str]:
    details = [one for one in body.get("errors") or [] if isinstance(one, dict)]
    found = [scope for one in (body, *details) for scope in context_of(one, "requiredGranularScopes", "requiredScopes")]
    if not found and code_of(body) != SCOPES:
        return []
    return list(dict.fromkeys(found)) or ["that this object needs"]
