"""Describes of objects, kept for an hour and then asked whether they have changed."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import cast

import httpx

from shared.crm.describe import ObjectDescribe
from shared.crm.refusals import raise_for_refusal

DESCRIBE_S = 3_600.0
"""How long a describe is believed; schema drift is noticed by the errors it causes."""

REFRESHED_S = 5.0
"""A refresh this young serves everybody who asks for one: fifty calls that meet a changed schema look once."""

Ask = Callable[[str, Mapping[str, str]], Awaitable[httpx.Response]]
"""GET a path with extra headers."""


@dataclass
class _Known:
    until: float
    asked_at: float
    refreshed: bool
    task: asyncio.Task[ObjectDescribe]
    modified: str | None = None


class Describes:
    """One call per object and hour, however many ask; `If-Modified-Since` makes the later ones cheap."""

    def __init__(self, ask: Ask, monotonic: Callable[[], float]) -> None:
        self._ask = ask
        self._monotonic = monotonic
        self._known: dict[str, _Known] = {}

    async def get(self, sobject: str, *, refresh: bool = False) -> ObjectDescribe:
        """An object's fields as this user sees them, at most `DESCRIBE_S` old; with `refresh`, as they are now."""
        known = self._known.get(sobject)
        now = self._monotonic()
        failed = known is not None and _has_failed(known.task)
        if known is not None and refresh and known.refreshed and now - known.asked_at < REFRESHED_S:
            refresh = False
        if known is None or failed or refresh or now >= known.until:
            before = None if refresh or failed else known
            task = asyncio.create_task(self._describe(sobject, before))
            known = self._known[sobject] = _Known(now + DESCRIBE_S, now, refresh, task)
        return await asyncio.shield(known.task)

    async def _describe(self, sobject: str, before: _Known | None) -> ObjectDescribe:
        headers = {"if-modified-since": before.modified} if before is not None and before.modified else {}
        response = await self._ask(f"sobjects/{sobject}/describe", headers)
        known = self._known[sobject]
        if before is not None and response.status_code == 304:
            known.modified = before.modified
            return before.task.result()
        raise_for_refusal(response)
        known.modified = response.headers.get("last-modified")
        return cast(ObjectDescribe, response.json())


def _has_failed(task: asyncio.Task[ObjectDescribe]) -> bool:
    return task.done() and (task.cancelled() or task.exception() is not None)
