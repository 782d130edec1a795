"""HTTP calls to LLM providers, as thin as they can be: with the vendors' SDKs a core makes some hundred a second."""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from functools import cached_property
from typing import Any
from urllib.parse import SplitResult, quote, urlsplit

import orjson
from shared.errors import Fatal

from generator_svc.connections import Broken, Pool, Server, TooLong
from generator_svc.domain import failures

_URL_CHARACTERS = "/%:@!$&'()*+,;=~?"
_PORTS = {"http": 80, "https": 443}


class Http:
    """The connections of a process, to every server its own. They belong to the event loop of the first call."""

    def __init__(self) -> None:
        self._pools: dict[tuple[str, str, int], Pool] = {}

    def endpoint(self, url: str, headers: Mapping[str, str]) -> Endpoint:
        """An address with its prepared headers. Raises `Fatal` for a header that HTTP cannot carry."""
        parts = urlsplit(url)
        return Endpoint(self._pool(parts), _head(parts, headers))

    async def close(self) -> None:
        """Give the connections back."""
        for pool in self._pools.values():
            pool.close()

    def _pool(self, parts: SplitResult) -> Pool:
        host, port = parts.hostname or "", parts.port or _PORTS[parts.scheme]
        key = (parts.scheme, host, port)
        if key not in self._pools:
            tls = self._tls if parts.scheme == "https" else None
            self._pools[key] = Pool(Server(host, port, tls))
        return self._pools[key]

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        """Certificates are checked against the machine's, or `SSL_CERT_FILE`'s."""
        context = ssl.create_default_context()
        context.set_alpn_protocols(["http/1.1"])
        return context


class Endpoint:
    """Where a provider is asked."""

    def __init__(self, pool: Pool, head: bytes) -> None:
        """`head` is a request up to the value of its content length."""
        self._pool = pool
        self._head = head

    async def post(self, request: Mapping[str, Any], timeout_s: float) -> Any:
        """The JSON body of a 2xx. Raises `ProviderError` for everything else that a server or a network can do.

        A redirect is not followed: it would carry the key to an address nobody configured.
        """
        sent = orjson.dumps(request)
        try:
            status, headers, body = await self._pool.ask(b"%b%d\r\n\r\n%b" % (self._head, len(sent), sent), timeout_s)
        except TimeoutError:
            raise failures.timed_out(timeout_s) from None
        except Broken:
            raise failures.unreachable() from None
        except TooLong:
            raise failures.malformed() from None
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
    try:
        parts = urlsplit(url)
        known = bool(parts.hostname and _authority(parts)) and parts.port != 0 and not set(parts.netloc) & set(" <>\0")
    except ValueError:
        known = False
    if not known:
        raise Fatal("the address of an LLM provider must be like https://host:port/v1", category="auth")
    if "@" in parts.netloc:
        # It would show wherever the address does.
        raise Fatal("the address of an LLM provider must not contain a user or a password", category="auth")
    return url


def _authority(parts: SplitResult) -> str:
    """Host and port. Raises `ValueError` for a name that DNS cannot have."""
    host = (parts.hostname or "").encode("idna").decode()  # without the port, which would count as of the last label
    host = f"[{host}]" if ":" in host else host
    return f"{host}:{parts.port}" if parts.port else host


def _head(parts: SplitResult, headers: Mapping[str, str]) -> bytes:
    path = quote(f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}", safe=_URL_CHARACTERS)
    sent = {
        "host": _authority(parts),
        "user-agent": "recordsmith",
        "accept": "application/json",
        "accept-encoding": "identity",
        "content-type": "application/json",
        **headers,
    }
    if any(not value.isascii() or not value.isprintable() for value in sent.values()):
        raise Fatal("a key of an LLM provider must be printable ASCII on one line", category="auth")
    lines = "".join(f"{name}: {value}\r\n" for name, value in sent.items())
    return f"POST {path} HTTP/1.1\r\n{lines}content-length: ".encode()


def _json(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError:
        return None
