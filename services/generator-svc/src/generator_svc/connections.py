"""HTTP/1.1 connections to one server: one call at a time on each, kept open between calls.

Read by llhttp (`httptools`), on the event loop itself. A client with more layers is the ceiling of a service that has
some hundred calls under way, and one with a thread of its own waits for the interpreter's lock (ADR 0081).
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from typing import NamedTuple, cast

from httptools import HttpParserError, HttpParserUpgrade, HttpResponseParser

LARGEST_ANSWER = 8 * 1024 * 1024
"""Bytes with headers; no model writes that much, so that a broken server cannot fill the memory."""

KEEPALIVE_S = 30.0
"""So long an idle connection is used again; many servers close theirs after a minute or more."""

SECOND_ADDRESS_AFTER_S = 0.25
"""Without a connection by then the next address of the host is tried beside the first (RFC 8305)."""


class Broken(Exception):
    """No connection, an end before the whole answer, or an answer that is not HTTP."""


class TooLong(Exception):
    """More than `LARGEST_ANSWER`."""


class Answer(NamedTuple):
    """What a server said. Names of headers are in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection(asyncio.Protocol):
    """An open connection; the callbacks named `on_…` are the parser's."""

    def __init__(self) -> None:
        self._kept = False
        self._parser = HttpResponseParser(self)
        self._answered: asyncio.Future[Answer] | None = None
        self._headers: dict[str, str] = {}
        self._parts: list[bytes] = []
        self._received = 0
        self._in_body = False

    @property
    def reusable(self) -> bool:
        """Whether another call may follow on it: not while it closes, of which `connection_lost` tells later."""
        return self._kept and not self._transport.is_closing()

    def ask(self, request: bytes) -> asyncio.Future[Answer]:
        """Send a whole request. The future has the answer, or `Broken`, `TooLong` or a `TimeoutError`."""
        self._kept = False
        self._received = 0
        self._answered = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._answered

    def expire(self) -> None:
        """The time for the answer is over."""
        self._fail(TimeoutError())

    def abort(self) -> None:
        """Close at once; whoever waits for the answer does not get it any more."""
        self._fail(Broken())

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._received += len(data)
        if self._answered is None:
            self._fail(Broken())  # nobody asked
        elif self._received > LARGEST_ANSWER:
            self._fail(TooLong())
        else:
            try:
                self._parser.feed_data(data)
            except (HttpParserError, HttpParserUpgrade):
                self._fail(Broken())

    def connection_lost(self, exc: Exception | None) -> None:
        framed = "content-length" in self._headers or "transfer-encoding" in self._headers
        if exc is None and self._in_body and not framed:
            self._end()  # the end of the connection is the end of such a body (RFC 9112, 6.3)
        self._fail(Broken())

    def on_message_begin(self) -> None:
        if self._answered is None:
            raise Broken
        self._headers, self._parts = {}, []

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._in_body:  # what follows a chunked body is no header
            self._headers[name.decode("latin-1").lower()] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        self._in_body = True

    def on_body(self, part: bytes) -> None:
        self._parts.append(part)

    def on_message_complete(self) -> None:
        self._in_body = False
        if self._parser.get_status_code() >= 200:  # before it there may be interim responses
            self._kept = self._parser.should_keep_alive()
            self._end()

    def _end(self) -> None:
        if (answered := self._awaited()) is not None:
            answered.set_result(Answer(self._parser.get_status_code(), self._headers, b"".join(self._parts)))

    def _fail(self, error: Exception) -> None:
        self._kept = False
        self._transport.abort()
        if (answered := self._awaited()) is not None:
            answered.set_exception(error)

    def _awaited(self) -> asyncio.Future[Answer] | None:
        """Who waits for the answer, for the last time: what comes now is for them, what comes later for nobody."""
        answered, self._answered = self._answered, None
        return answered if answered is not None and not answered.done() else None


class Server(NamedTuple):
    """Where connections go; without `tls` they are plain."""

    host: str
    port: int
    tls: ssl.SSLContext | None


class Pool:
    """The connections to one server: as many as there are calls at a time, of which the gates take care."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._idle: list[tuple[float, Connection]] = []
        """Since when, by the event loop's clock; the one that was used last is used next."""
        self._sweep: asyncio.TimerHandle | None = None

    async def ask(self, request: bytes, timeout_s: float) -> Answer:
        """The answer to a whole request. Raises `Broken`, `TooLong`, `TimeoutError`; a cancelled call is hung up on."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        connection = self._rested(began) or await self._connected(timeout_s)
        expiry = loop.call_at(began + timeout_s, connection.expire)
        try:
            answer = await connection.ask(request)
        finally:
            expiry.cancel()
            if connection.reusable:
                self._rest(connection, loop)
            else:
                connection.abort()
        return answer

    def close(self) -> None:
        """Hang up wherever nobody waits for an answer."""
        if self._sweep is not None:
            self._sweep.cancel()
            self._sweep = None
        while self._idle:
            self._idle.pop()[1].abort()

    def _rested(self, now: float) -> Connection | None:
        while self._idle:
            since, connection = self._idle.pop()
            if _is_fresh(connection, since, now):
                return connection
            connection.abort()
        return None

    async def _connected(self, timeout_s: float) -> Connection:
        host, port, tls = self._server
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(timeout_s):
                _, connection = await loop.create_connection(
                    Connection, host, port, ssl=tls, happy_eyeballs_delay=SECOND_ADDRESS_AFTER_S
                )
        except TimeoutError:
            raise
        except OSError:
            # Not chained: nothing of an address belongs into a log.
            raise Broken from None
        return connection

    def _rest(self, connection: Connection, loop: asyncio.AbstractEventLoop) -> None:
        self._idle.append((loop.time(), connection))
        if self._sweep is None:
            self._sweep_when_due(loop)

    def _sweep_when_due(self, loop: asyncio.AbstractEventLoop) -> None:
        oldest = self._idle[0][0]  # for they are taken from the other end
        self._sweep = loop.call_at(oldest + KEEPALIVE_S, self._sweep_idle, loop)

    def _sweep_idle(self, loop: asyncio.AbstractEventLoop) -> None:
        self._sweep = None
        idle, self._idle = self._idle, []
        for since, connection in idle:
            if _is_fresh(connection, since, loop.time()):
                self._idle.append((since, connection))
            else:
                connection.abort()
        if self._idle:
            self._sweep_when_due(loop)


def _is_fresh(connection: Connection, since: float, now: float) -> bool:
    return connection.reusable and now - since < KEEPALIVE_S
