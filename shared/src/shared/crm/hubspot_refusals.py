"""What a HubSpot answer means for what to do next."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import httpx

from shared.crm.hubspot_limits import Hold, body_of, hold_of
from shared.crm.hubspot_shapes import code_of, context_of, properties_of
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


def _scopes(body: Mapping[str, Any]) -> list[str]:
    details = [one for one in body.get("errors") or [] if isinstance(one, dict)]
    found = [scope for one in (body, *details) for scope in context_of(one, "requiredGranularScopes", "requiredScopes")]
    if not found and code_of(body) != SCOPES:
        return []
    return list(dict.fromkeys(found)) or ["that this object needs"]
