"""HTTP calls to LLM providers, as thin as they can be: with the vendors' SDKs a core makes some hundred a second."""

from __future__ import annotations

import socket
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import aiohttp
import orjson
from shared.errors import Fatal
from yarl import URL

from generator_svc.domain import failures

LARGEST_ANSWER = 8 * 1024 * 1024
"""Bytes; no model writes that much, so that a broken server cannot fill the memory."""

KEEPALIVE_S = 30.0


class Http:
    """The connections of a process. They open with the first call, because they belong to an event loop."""

    def __init__(self) -> None:
        self._connector: aiohttp.TCPConnector | None = None
        self._sessions: list[aiohttp.ClientSession] = []

    def endpoint(self, url: str, headers: Mapping[str, str]) -> Endpoint:
        """An address with its prepared headers."""
        return Endpoint(self, URL(url), {"content-type": "application/json", "accept": "application/json", **headers})

    def session(self, headers: Mapping[str, str]) -> aiohttp.ClientSession:
        """A session that sends these headers with every call; all share the connections.

        The limit on connections is the gates' business, not the connector's.
        """
        if self._connector is None or self._connector.closed:
            self._connector = aiohttp.TCPConnector(
                limit=0, keepalive_timeout=KEEPALIVE_S, ttl_dns_cache=60, socket_factory=_nodelay
            )
        made = aiohttp.ClientSession(
            connector=self._connector, connector_owner=False, headers=headers, cookie_jar=aiohttp.DummyCookieJar()
        )
        self._sessions.append(made)
        return made

    async def close(self) -> None:
        """Give the connections back."""
        for session in self._sessions:
            await session.close()
        if self._connector is not None:
            await self._connector.close()


class Endpoint:
    """Where a provider is asked."""

    def __init__(self, http: Http, url: URL, headers: Mapping[str, str]) -> None:
        self._url = url
        self._http = http
        self._headers = headers
        self._session: aiohttp.ClientSession | None = None

    async def post(self, request: Mapping[str, Any], timeout_s: float) -> Any:
        """The JSON body of a 2xx. Raises `ProviderError` for everything else that a server or a network can do."""
        if self._session is None or self._session.closed:
            self._session = self._http.session(self._headers)
        try:
            async with self._session.post(
                self._url,
                data=aiohttp.BytesPayload(orjson.dumps(request)),
                timeout=_timeout(timeout_s),
                allow_redirects=False,  # a redirect would carry the key to an address nobody configured
            ) as response:
                body = await _body(response)
                status, headers = response.status, response.headers
        except TimeoutError:
            raise failures.timed_out(timeout_s) from None
        except (aiohttp.ClientError, OSError):
            # Not chained: a client error may quote the request.
            raise failures.unreachable() from None
        if not 200 <= status < 300:
            raise failures.from_status(status, headers, _json(body))
        answer = _json(body)
        if answer is None:
            raise failures.malformed()
        return answer


def base_url(address: str | None, default: str) -> str:
    """A configured address without its trailing slash. Raises `Fatal` where it is no HTTP address."""
    url = (address or default).rstrip("/")
    if not url.startswith(("http://", "https://")):
        raise Fatal("the address of an LLM provider must start with http:// or https://", category="auth")
    return url


@lru_cache(maxsize=64)
def _timeout(seconds: float) -> aiohttp.ClientTimeout:
    return aiohttp.ClientTimeout(total=seconds)


def _nodelay(info: Any) -> socket.socket:
    family, kind, protocol, *_ = info
    made = socket.socket(family, kind, protocol)
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


async def _body(response: aiohttp.ClientResponse) -> bytes:
    if (response.content_length or 0) > LARGEST_ANSWER:
        raise failures.malformed()
    if response.content_length is not None:
        return await response.read()
    parts, size = [], 0
    async for part in response.content.iter_any():
        parts.append(part)
        if (size := size + len(part)) > LARGEST_ANSWER:
            raise failures.malformed()
    return b"".join(parts)


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
