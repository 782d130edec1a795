"""HTTP calls with bounded repetition of what is transient."""

from __future__ import annotations

import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import httpx

from shared.crm.meters import CALLS, SECONDS
from shared.crm.refusals import is_transient, retry_after
from shared.crm.settings import SalesforceSettings
from shared.errors import Retryable

TRIES = 3
BACK_OFF_S = 0.5
PATIENCE_S = 10.0
"""A longer Retry-After is not waited out here: the record goes to a retry topic instead."""


class Calls:
    """One pooled client with explicit timeouts. `sleep` and `jitter` (0 … 1) come from outside."""

    def __init__(
        self,
        settings: SalesforceSettings,
        *,
        sleep: Callable[[float], Awaitable[None]],
        jitter: Callable[[], float],
    ) -> None:
        self._sleep = sleep
        self._jitter = jitter
        self.client = httpx.AsyncClient(
            timeout=httpx.Timeout(settings.timeout_s, connect=10.0, pool=settings.timeout_s),
            limits=httpx.Limits(max_connections=settings.connections, max_keepalive_connections=settings.connections),
            verify=ssl.create_default_context(cafile=settings.ca_file) if settings.ca_file else True,
            # A proxy of the environment never leads to this machine's own sandbox.
            trust_env=urlsplit(settings.login_url).hostname not in ("127.0.0.1", "localhost", "::1"),
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

        `repeat=False` is for what must not happen twice: its answer may be lost with the change made.
        """
        tries = TRIES if repeat else 1
        for attempt in range(1, tries + 1):
            request = self.client.build_request(method, url, headers=headers, params=params, json=json, data=form)
            delay = self._jitter() * min(8.0, BACK_OFF_S * 2**attempt)
            try:
                response = await self._once(request, operation)
            except httpx.HTTPError as error:
                if attempt == tries:
                    raise _unreachable(error) from error
            else:
                asked = retry_after(response)
                if not is_transient(response) or attempt == tries or (asked or 0) > PATIENCE_S:
                    return response
                delay = delay if asked is None else asked
            await self._sleep(delay)
        raise AssertionError("unreachable")

    async def close(self) -> None:
        """Give the connections back."""
        await self.client.aclose()

    async def _once(self, request: httpx.Request, operation: str) -> httpx.Response:
        began, status = time.perf_counter(), "error"
        try:
            response = await self.client.send(request)
            status = str(response.status_code)
            return response
        finally:
            CALLS.labels("salesforce", operation, status).inc()
            SECONDS.labels("salesforce", operation).observe(time.perf_counter() - began)


def _unreachable(error: httpx.HTTPError) -> Retryable:
    # The text of the error may quote the URL and so the query: its type says enough.
    timed_out = isinstance(error, httpx.TimeoutException)
    return Retryable(
        f"Salesforce could not be reached ({type(error).__name__})", category="timeout" if timed_out else "network"
    )
