"""HTTP calls with bounded repetition of what is transient."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx

from shared.crm.breaker import Breaker
from shared.crm.connections import counted, pooled, unreachable
from shared.crm.refusals import is_transient, retry_after
from shared.crm.settings import SalesforceSettings
from shared.errors import Retryable

TRIES = 3
BACK_OFF_S = 0.5
PATIENCE_S = 10.0
"""A longer Retry-After is not waited out here: the record goes to a retry topic instead."""

_AWAY = (httpx.HTTPError, TimeoutError)


class Calls:
    """One pooled client with explicit timeouts. `sleep`, `jitter` (0 … 1) and the clock come from outside."""

    def __init__(
        self,
        settings: SalesforceSettings,
        *,
        sleep: Callable[[float], Awaitable[None]],
        jitter: Callable[[], float],
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._sleep = sleep
        self._jitter = jitter
        self._timeout_s = settings.timeout_s
        self.breaker = Breaker(monotonic)
        self.client = pooled(
            settings.login_url,
            timeout_s=settings.timeout_s,
            wait_s=settings.timeout_s,
            connections=settings.connections,
            ca_file=settings.ca_file,
            headers={"sforce-call-options": "client=Recordsmith/1.0"},
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
        self.breaker.admit()
        tries = TRIES if repeat else 1
        for attempt in range(1, tries + 1):
            request = self.client.build_request(method, url, headers=headers, params=params, json=json, data=form)
            delay = self._jitter() * min(8.0, BACK_OFF_S * 2**attempt)
            try:
                response = await self._once(request, operation)
            except _AWAY as error:
                if attempt == tries:
                    raise self._unreachable(error) from error
            else:
                asked = retry_after(response)
                if not is_transient(response) or attempt == tries or (asked or 0) > PATIENCE_S:
                    self._judge(response)
                    return response
                delay = delay if asked is None else asked
            await self._sleep(delay)
        raise AssertionError("unreachable")

    async def upload(
        self, url: str, chunks: AsyncIterator[bytes], *, operation: str, headers: Mapping[str, str]
    ) -> httpx.Response:
        """PUT a body of unknown length, once. `Retryable` where the answer is lost, with the body taken or not."""
        self.breaker.admit()
        request = self.client.build_request("PUT", url, headers=headers, content=chunks)
        try:
            response = await self._once(request, operation, within_s=None)
        except _AWAY as error:
            raise self._unreachable(error) from error
        self._judge(response)
        return response

    @asynccontextmanager
    async def stream(self, url: str, *, operation: str, headers: Mapping[str, str]) -> AsyncIterator[httpx.Response]:
        """GET an answer whose body is read by the caller. `Retryable` where it breaks off."""
        self.breaker.admit()
        request = self.client.build_request("GET", url, headers=headers)
        try:
            with counted("salesforce", operation) as call:
                response = await self.client.send(request, stream=True)
                try:
                    call.status = str(response.status_code)
                    if response.is_success:
                        self.breaker.answered()
                    else:
                        await response.aread()
                        self._judge(response)
                    yield response
                finally:
                    await response.aclose()
        except _AWAY as error:
            raise self._unreachable(error) from error

    async def close(self) -> None:
        """Give the connections back."""
        await self.client.aclose()

    async def _once(self, request: httpx.Request, operation: str, *, within_s: float | None = 0.0) -> httpx.Response:
        with counted("salesforce", operation) as call:
            # The client's own timeout is between two bytes: an answer that only drips would never end.
            async with asyncio.timeout(self._timeout_s if within_s == 0.0 else within_s):
                response = await self.client.send(request)
            call.status = str(response.status_code)
        return response

    def _judge(self, response: httpx.Response) -> None:
        if is_transient(response) and response.status_code not in (420, 429):
            self.breaker.failed()
        else:
            self.breaker.answered()

    def _unreachable(self, error: Exception) -> Retryable:
        self.breaker.failed()
        return unreachable("Salesforce", error)
