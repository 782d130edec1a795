"""A connection has one call at a time; whatever a server does, the call ends with its answer or one of three errors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from itertools import accumulate, pairwise

import pytest
from generator_svc.connections import KEEPALIVE_S, Answer, Broken, Connection, Pool, Server
from hypothesis import given
from hypothesis import strategies as st

REQUEST = b"POST /v1 HTTP/1.1\r\nhost: x\r\ncontent-length: 0\r\n\r\n"
HANG_UP = b""
CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
UNFRAMED = b"HTTP/1.1 200 OK\r\n\r\n"
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
SWITCHING = b"HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: h2c\r\n\r\n"


def ok(body: bytes = b"fine", head: bytes = b"HTTP/1.1 200 OK", length: int | None = None) -> bytes:
    return b"%b\r\ncontent-length: %d\r\n\r\n%b" % (head, len(body) if length is None else length, body)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(20):
        while not true():
            await asyncio.sleep(0.001)


class Wire(asyncio.Transport):
    """A connection in memory; the test is its other end."""

    closing = False

    def write(self, data: object) -> None: ...
    def abort(self) -> None: ...
    def is_closing(self) -> bool:
        return self.closing


class Loopback:
    """A server that plays a turn of pieces for each request, the last turn for ever, and who calls it."""

    def __init__(self) -> None:
        self.turns: list[list[bytes]] = [[ok()]]
        self.hold = asyncio.Event()
        self.hold.set()
        self.requests: list[bytes] = []
        self.opened = self.closed = 0

    async def start(self) -> asyncio.Server:
        listening = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.pool = Pool(Server("127.0.0.1", listening.sockets[0].getsockname()[1], None))
        return listening

    async def ask(self, timeout_s: float = 20.0) -> Answer:
        return await self.pool.ask(REQUEST, timeout_s)

    async def fails(self, error: type[BaseException], turn: list[bytes], timeout_s: float = 20.0) -> None:
        """The call fails and is hung up on; the next one works."""
        self.turns = [turn, [ok()]]
        with pytest.raises(error):
            await self.ask(timeout_s)
        await until(lambda: self.closed == 1)
        assert (await self.ask()).body == b"fine"

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened, self.newest = self.opened + 1, writer
        with suppress(asyncio.IncompleteReadError, ConnectionError):  # it was hung up on
            while HANG_UP not in await self._play(reader, writer):
                pass
        self.closed += 1
        writer.close()

    async def _play(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> list[bytes]:
        self.requests.append(await reader.readuntil(b"\r\n\r\n"))
        turn = self.turns[min(len(self.requests), len(self.turns)) - 1]
        await self.hold.wait()
        for piece in turn:
            writer.write(piece)
            await writer.drain()
        return turn


@pytest.fixture
async def server() -> AsyncIterator[Loopback]:
    loopback = Loopback()
    listening = await loopback.start()
    yield loopback
    loopback.pool.close()
    listening.close()


async def test_calls_one_after_the_other_use_one_connection(server: Loopback) -> None:
    server.turns = [[ok(b"1")], [ok(b"2")], [ok(b"3")]]
    assert [(await server.ask()).body for _ in range(3)] == [b"1", b"2", b"3"]
    assert (server.opened, server.requests) == (1, [REQUEST] * 3)


async def test_calls_at_a_time_use_a_connection_each_and_close_hangs_up_the_idle_ones(server: Loopback) -> None:
    server.hold.clear()
    calls = [asyncio.create_task(server.ask()) for _ in range(2)]
    await until(lambda: len(server.requests) == 2)
    server.pool.close()
    server.hold.set()
    await asyncio.gather(*calls)
    await asyncio.gather(server.ask(), server.ask())
    assert (server.opened, server.closed) == (2, 0)
    server.pool.close()
    await until(lambda: server.closed == 2)


@pytest.mark.parametrize(
    "turn",
    [[ok(head=b"HTTP/1.1 200 OK\r\nconnection: close")], [ok(head=b"HTTP/1.0 200 OK")],
     [UNFRAMED + b"fi", b"ne", HANG_UP], [ok() + ok(b"for nobody")], [ok() + b"H"]],
)  # fmt: skip
async def test_a_connection_that_ends_with_its_answer_is_not_used_again(server: Loopback, turn: list[bytes]) -> None:
    server.turns = [turn]
    assert [(await server.ask()).body for _ in range(2)] == [b"fine"] * 2
    await until(lambda: (server.opened, server.closed) == (2, 2))


@pytest.mark.parametrize("unasked", [HANG_UP, ok(b"for nobody")])
async def test_an_idle_connection_that_speaks_or_ends_is_not_used_again(server: Loopback, unasked: bytes) -> None:
    await server.ask()
    server.newest.write(unasked) if unasked else server.newest.write_eof()
    await until(lambda: server.closed == 1)
    assert ((await server.ask()).body, server.opened) == (b"fine", 2)


def test_an_idle_connection_is_closed_after_its_time_and_not_before() -> None:
    class Hurried(asyncio.SelectorEventLoop):
        ahead_s = 0.0

        def time(self) -> float:
            return super().time() + self.ahead_s

    async def rest(server: Loopback) -> None:
        listening = await server.start()
        for _ in range(2):
            await server.ask()
            loop.ahead_s += KEEPALIVE_S * 0.9
            await asyncio.sleep(0.02)
        assert (server.opened, server.closed) == (1, 0)
        loop.ahead_s += KEEPALIVE_S * 0.2
        await until(lambda: server.closed == 1)
        listening.close()

    loop = Hurried()
    with asyncio.Runner(loop_factory=lambda: loop) as runner:
        runner.run(rest(Loopback()))


@pytest.mark.parametrize(
    ("turn", "status", "body"),
    [([ok(b"")], 200, b""), ([ok(b"abc", head=b"HTTP/1.1 529 ")], 529, b"abc"),
     ([CHUNKED, b"2\r\nab\r\n", b"1;ext=1\r\nc", b"\r\n0\r\nx-trailer: t\r\n\r\n"], 200, b"abc"),
     ([b"HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n" + CONTINUE, ok(b"abc")], 200, b"abc"),
     ([CONTINUE + ok(b"abc")], 200, b"abc"), ([b"HTTP/1.1 204 No Content\r\n\r\n"], 204, b"")],
)  # fmt: skip
async def test_a_body_ends_where_it_is_framed_and_the_connection_stays(
    server: Loopback, turn: list[bytes], status: int, body: bytes
) -> None:
    server.turns = [turn]
    for answer in [await server.ask(), await server.ask()]:
        assert (answer.status, answer.body, "link" in answer.headers, server.opened) == (status, body, False, 1)


@pytest.mark.parametrize(
    "turn",
    [[HANG_UP], [b"HTTP/1.1 200 OK\r\ncontent-le", HANG_UP], [CONTINUE, HANG_UP],
     [ok(b"ab", length=3), HANG_UP], [CHUNKED + b"2\r\nab\r\n", HANG_UP],
     [b"SSH-2.0-OpenSSH_9.2\r\n"], [CHUNKED + b"many\r\n"],
     [ok(head=b"HTTP/1.1 200 OK\r\ncontent-length: 1")], [ok(head=CHUNKED[:-4])],
     [SWITCHING, b"\x00\x00"], [b"HTTP/1.1 101 Switching Protocols\r\n\r\n"]],
)  # fmt: skip
async def test_what_is_no_whole_http_answer_is_broken(server: Loopback, turn: list[bytes]) -> None:
    await server.fails(Broken, turn)


@pytest.mark.parametrize("turn", [[], [CONTINUE], [ok(b"ab", length=3)], [CHUNKED]])
async def test_without_a_whole_answer_in_time_it_hangs_up(server: Loopback, turn: list[bytes]) -> None:
    await server.fails(TimeoutError, turn, timeout_s=0.05)


async def test_a_cancelled_call_hangs_up(server: Loopback) -> None:
    call = asyncio.create_task(server.fails(asyncio.CancelledError, []))
    await until(lambda: len(server.requests) == 1)
    call.cancel()
    await call


SIZES = st.lists(st.integers(1, 40))
BODIES = st.tuples(st.binary(max_size=200), st.none() | SIZES)  # framed by its length, or cut into chunks
HEADERS = st.dictionaries(st.from_regex("x-[a-z-]+", fullmatch=True), st.from_regex("[!-~]*", fullmatch=True))
HALF_HTTP = st.sampled_from([UNFRAMED[:-2], CHUNKED[17:], CONTINUE, SWITCHING, b"content-length: 3\r\n", b"\r\n"])


def cut(content: bytes, sizes: list[int]) -> list[bytes]:
    pieces = [content[start:end] for start, end in pairwise([0, *accumulate(sizes), len(content)])]
    return [piece for piece in pieces if piece]


def framed(head: bytes, body: bytes, chunks: list[int] | None) -> bytes:
    if chunks is None:
        return ok(body, head)
    parts = [b"%x\r\n%b\r\n" % (len(part), part) for part in cut(body, chunks)]
    return b"%b\r\nTransfer-Encoding: chunked\r\n\r\n%b0\r\n\r\n" % (head, b"".join(parts))


def told(pieces: list[bytes], wire: Wire | None = None) -> tuple[Connection, asyncio.Future[Answer]]:
    connection = Connection()
    connection.connection_made(wire or Wire())
    answered = connection.ask(REQUEST)
    for piece in pieces:
        connection.data_received(piece)
    return connection, answered


@given(st.sampled_from([200, 201, 429, 599]), HEADERS, BODIES, SIZES, st.integers(min_value=1))
async def test_an_answer_is_the_same_however_it_is_framed_and_cut_and_broken_without_its_end(
    status: int, headers: dict[str, str], body: tuple[bytes, list[int] | None], sizes: list[int], lost: int
) -> None:
    lines = "".join(f"\r\n{name.title()}: {value}" for name, value in headers.items())
    content = framed(f"HTTP/1.1 {status} X{lines}".encode(), *body)
    connection, answered = told(cut(content, sizes))
    said = {name: value for name, value in answered.result().headers.items() if name.startswith("x-")}
    assert (answered.result().status, said, answered.result().body) == (status, headers, body[0])
    assert connection.reusable
    connection, answered = told(cut(content[: -(lost % len(content)) or -1], sizes))
    connection.connection_lost(None)
    assert isinstance(answered.exception(), Broken)


@given(st.lists(st.binary() | HALF_HTTP))
async def test_whatever_comes_a_call_ends_with_its_connection(pieces: list[bytes]) -> None:
    connection, answered = told(pieces)
    connection.connection_lost(None)
    assert (isinstance(answered.exception(), Broken | None), connection.reusable) == (True, False)


async def test_a_connection_is_not_used_again_while_it_closes() -> None:
    connection, _ = told([ok()], wire := Wire())
    wire.closing = True
    assert not connection.reusable
