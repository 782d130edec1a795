"""What HubSpot's limits ask for: how long to wait, and when the portal's day ends."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any, Literal
from zoneinfo import ZoneInfo

import httpx

from shared.crm.refusals import retry_after

Policy = Literal["SECONDLY", "TEN_SECONDLY_ROLLING", "DAILY"]

_WINDOW_S: dict[Policy, float] = {"SECONDLY": 1.0, "TEN_SECONDLY_ROLLING": 10.0}
"""A 429 carries no Retry-After for sure: then its window is waited out."""

LOCKED_S = 2.0
"""HubSpot asks to wait at least 2 s after a 423."""

MIGRATION_S = 60.0
"""After a 477 (the portal moves between data centres) that has no Retry-After."""

_SERVER = frozenset({500, 502, 503, 504, 521, 522, 523, 524})


@dataclass(frozen=True)
class Hold:
    """A call may go well after `seconds`; None: after the usual back-off."""

    seconds: float | None
    policy: Policy | None = None


def hold_of(response: httpx.Response) -> Hold | None:
    """What a transient answer asks for; None for one that is final."""
    status = response.status_code
    if status == 429:
        policy = policy_of(response)
        return Hold(None if policy == "DAILY" else retry_after(response) or _WINDOW_S[policy], policy)
    if status == 423:
        return Hold(max(LOCKED_S, retry_after(response) or 0.0))
    if status == 477:
        return Hold(retry_after(response) or MIGRATION_S)
    return Hold(retry_after(response)) if status in _SERVER else None


def policy_of(response: httpx.Response) -> Policy:
    """Which limit a 429 is about; one that does not say is taken for the rolling one."""
    body = body_of(response)
    named = str(body.get("policyName") or "").upper()
    if named in ("SECONDLY", "TEN_SECONDLY_ROLLING", "DAILY"):
        return named  # type: ignore[return-value]
    said = str(body.get("message") or "").lower()
    if "daily" in said:
        return "DAILY"
    return "SECONDLY" if "secondly" in said.replace("ten_secondly", "") else "TEN_SECONDLY_ROLLING"


def spacing_of(response: httpx.Response) -> float:
    """Seconds to keep between calls when less than a tenth of the rolling window is left; 0 else."""
    try:
        most = int(response.headers["x-hubspot-ratelimit-max"])
        left = int(response.headers["x-hubspot-ratelimit-remaining"])
        window_ms = int(response.headers.get("x-hubspot-ratelimit-interval-milliseconds", "10000"))
    except (KeyError, ValueError):
        return 0.0
    return window_ms / 1000 / most if most > 0 and left * 10 < most else 0.0


def seconds_until_midnight(now: float, zone: str) -> float:
    """From `now` (Unix time) to midnight in `zone`, when the daily limit begins anew; days may have 23 or 25 hours.

    An unknown zone counts as UTC.
    """
    try:
        there: tzinfo = ZoneInfo(zone)
    except (OSError, ValueError, KeyError):
        there = UTC
    local = datetime.fromtimestamp(now, there)
    midnight = datetime.combine(local.date() + timedelta(days=1), time(), there)
    return midnight.astimezone(UTC).timestamp() - now


def body_of(response: httpx.Response) -> dict[str, Any]:
    """The JSON object of an answer; empty for anything else."""
    try:
        body = json.loads(response.content)
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}
