"""HTTP calls to HubSpot with bounded repetition of what is transient, and a gate that honours its limits."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

import httpx

from shared.crm.connections import counted, pooled, unreachable
from shared.crm.hubspot_limits import Hold, hold_of, spacing_of
from shared.crm.hubspot_settings import HubSpotSettings

TRIES = 3
BACK_OFF_S = 1.0
"""1 s, then 2 s (S2-58)."""

PATIENCE_S = 15.0
"""A longer wait is not waited out here: the records go to a retry topic instead."""

SEARCH = "search"
"""Search has a limit of its own: 5 calls a second and account."""

_NEVER_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class HubSpotCalls:
    """One pooled client with explicit timeouts. `sleep`, `jitter` (0 … 1) and `monotonic` come from outside.

    When one call meets a limit, all others of its lane wait with it: each refused call counts against the portal.
    """

    def __init__(
        self,
        settings: HubSpotSettings,
        *,
        sleep: Callable[[float], Awaitable[None]],
        jitter: Callable[[], float],
        monotonic: Callable[[], float],
    ) -> None:
        self._sleep = sleep
        self._jitter = jitter
        self._monotonic = monotonic
        self._closed_until: defaultdict[str, float] = defaultdict(float)
        self.client = pooled(
            settings.base_url,
            timeout_s=settings.timeout_s,
            wait_s=settings.timeout_s * 4,
            connections=settings.connections,
            ca_file=settings.ca_file,
        )

    async def send(
        self,
        method: str,
        url: str,
        *,
        operation: str,
        repeat: bool = True,
        headers: Mapping[str, str] | None = None,
        params: Mapping[str, str] | None = None,
        json: Any = None,
        form: Mapping[str, str] | None = None,
    ) -> httpx.Response:
        """The last answer after at most `TRIES` tries; `Retryable` when there was none.

        Most writes of the product may be repeated: upserts, updates and default associations change nothing the second
        time, and a definition that exists already is taken as it is. `repeat=False` is for what must not happen twice:
        its answer may be lost with the change made, so it is repeated only where HubSpot surely has done nothing.
        """
        lane = SEARCH if operation == SEARCH else ""
        for attempt in range(1, TRIES + 1):
            await self._pass_gate(lane)
            request = self.client.build_request(method, url, headers=headers, params=params, json=json, data=form)
            delay = BACK_OFF_S * 2 ** (attempt - 1) * (0.5 + self._jitter())
            try:
                response = await self._once(request, operation)
            except httpx.HTTPError as error:
                if attempt == TRIES or not (repeat or isinstance(error, _NEVER_SENT)):
                    raise unreachable("HubSpot", error) from error
            else:
                hold = hold_of(response)
                self._note(lane, response, hold)
                last = attempt == TRIES or not (repeat or response.status_code < 500)
                if hold is None or last or hold.policy == "DAILY" or (hold.seconds or 0) > PATIENCE_S:
                    return response
                if hold.policy is not None:
                    continue
                delay = max(delay, hold.seconds or 0.0)
            await self._sleep(delay)
        raise AssertionError("unreachable")

    async def close(self) -> None:
        """Give the connections back."""
        await self.client.aclose()

    async def _pass_gate(self, lane: str) -> None:
        wait_s = self._closed_until[lane] - self._monotonic()
        if wait_s > 0:
            # Jittered, so that what waited together does not knock together.
            await self._sleep(wait_s + 0.1 * self._jitter())

    def _note(self, lane: str, response: httpx.Response, hold: Hold | None) -> None:
        wait_s = (hold.seconds or 0.0) if hold is not None and hold.policy else spacing_of(response)
        if wait_s > 0:
            self._closed_until[lane] = max(self._closed_until[lane], self._monotonic() + wait_s)

    async def _once(self, request: httpx.Request, operation: str) -> httpx.Response:
        with counted("hubspot", operation) as call:
            response = await self.client.send(request)
            call.status = str(response.status_code)
        return response
