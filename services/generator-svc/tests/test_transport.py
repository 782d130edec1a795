"""What is sent to an LLM provider to the byte, which addresses and keys are refused, whose certificate is believed."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import suppress
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import orjson
import pytest
from crm_sandbox.certificates import ensure_certificates
from generator_svc.connections import LARGEST_ANSWER
from generator_svc.domain.failures import ProviderError
from generator_svc.transport import Http, base_url
from shared.errors import Fatal

HEAD = b"HTTP/1.1 200 OK\r\n"
MANY = b"x" * 65_536
Certificates = tuple[Path, ssl.SSLContext]
Listen = Callable[..., Any]
ANSWER = HEAD + b"content-length: 11\r\n\r\n" + b'{"so":true}'


class Listener:
    """A server that keeps each request as it came and plays the same pieces to all."""

    def __init__(self) -> None:
        self.plays: Iterable[bytes] = [ANSWER]
        self.requests: list[tuple[str, list[str], bytes]] = []
        self.opened = self.closed = 0

    async def start(self, host: str, tls: ssl.SSLContext | None) -> asyncio.Server:
        listening = await asyncio.start_server(self._serve, host, 0, ssl=tls)
        port = listening.sockets[0].getsockname()[1]
        self.authority = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        return listening

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.opened += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):  # it was hung up on
            while True:
                line, *headers = (await reader.readuntil(b"\r\n\r\n")).decode("ascii").split("\r\n")[:-2]
                assert headers[-1].startswith("content-length: ")
                body = await reader.readexactly(int(headers[-1].split()[1]))
                self.requests.append((line, headers, body))
                for piece in self.plays:
                    writer.write(piece)
                    await writer.drain()
        self.closed += 1
        writer.close()


@pytest.fixture
async def listen() -> AsyncIterator[Listen]:
    servers: list[asyncio.Server] = []

    async def start(host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Listener:
        listener = Listener()
        servers.append(await listener.start(host, tls))
        return listener

    yield start
    for server in servers:
        server.close()


@pytest.fixture
async def http() -> AsyncIterator[Http]:
    connections = Http()
    yield connections
    await connections.close()


@pytest.fixture
def certificates(tmp_path: Path) -> Certificates:
    """An authority, and a server that has a certificate of it for localhost and 127.0.0.1."""
    ensure_certificates(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "https.pem")
    return tmp_path / "ca.pem", context


async def fails(http: Http, url: str, timeout_s: float = 20.0) -> tuple[str, bool]:
    with pytest.raises(ProviderError) as raised:
        await http.endpoint(url, {}).post({}, timeout_s)
    assert raised.value.__cause__ is None
    return raised.value.category, raised.value.retryable


async def test_a_request_is_these_bytes(http: Http, listen: Listen) -> None:
    server = await listen()
    asked = {"prompt": "Größe: 3 €\r\n\r\n"}
    answer = await http.endpoint(f"http://{server.authority}/v1/x", {"x-api-key": "k"}).post(asked, 20.0)
    assert answer == {"so": True}
    ((line, headers, body),) = server.requests
    assert line == "POST /v1/x HTTP/1.1"
    assert headers == [
        f"host: {server.authority}",
        "user-agent: recordsmith",
        "accept: application/json",
        "accept-encoding: identity",
        "content-type: application/json",
        "x-api-key: k",
        f"content-length: {len(orjson.dumps(asked))}",
    ]
    assert orjson.loads(body) == asked


@pytest.mark.parametrize(
    ("address", "target"),
    [
        ("", "/"),
        ("?api-version=1", "/?api-version=1"),
        ("/v1/a b/größe", "/v1/a%20b/gr%C3%B6%C3%9Fe"),
        ("/v1/a%20b%2Fc", "/v1/a%20b%2Fc"),
        ("/v1/gpt-4o:beta/x?version=2024-10-21&q=ö x", "/v1/gpt-4o:beta/x?version=2024-10-21&q=%C3%B6%20x"),
        ("/v1/x#part", "/v1/x"),
    ],
)
async def test_a_path_and_a_query_are_sent_in_the_characters_of_http(
    http: Http, listen: Listen, address: str, target: str
) -> None:
    server = await listen()
    await http.endpoint(f"http://{server.authority}{address}", {}).post({}, 20.0)
    assert server.requests[0][0] == f"POST {target} HTTP/1.1"


@pytest.mark.parametrize(
    ("authority", "host"),
    [
        ("api.example", b"api.example"),
        ("API.example:8443", b"api.example:8443"),
        ("[::1]", b"[::1]"),
        ("bücher.example:8080", b"xn--bcher-kva.example:8080"),
        ("пример.испытание:8080", b"xn--e1afmkfd.xn--80akhbyknj4f:8080"),
        (f"{'a' * 63}:8080", b"a" * 63 + b":8080"),
    ],
)
def test_the_host_is_that_of_the_address(http: Http, authority: str, host: bytes) -> None:
    endpoint = http.endpoint(base_url(f"https://{authority}/v1", ""), {})
    assert b"\r\nhost: %b\r\n" % host in endpoint._head


async def test_an_ipv6_address_is_asked_like_any_other(http: Http, listen: Listen) -> None:
    try:
        server = await listen("::1")
    except OSError:
        pytest.skip("this machine has no IPv6")
    await http.endpoint(f"http://{server.authority}/v1", {}).post({}, 20.0)
    assert server.requests[0][1][0] == f"host: {server.authority}"


async def test_endpoints_of_one_server_share_its_connections_but_not_their_keys(http: Http, listen: Listen) -> None:
    server = await listen()
    for key in ("one", "two"):
        await http.endpoint(f"http://{server.authority}/v1", {"x-api-key": key}).post({}, 20.0)
    assert [headers[-2] for _, headers, _ in server.requests] == ["x-api-key: one", "x-api-key: two"]
    assert server.opened == 1


@pytest.mark.parametrize("key", ["s3cret\r\nx-more: 1", "s3cret\n", "s3crét", "s3cret\x00", "s3cret\udcff"])
def test_a_key_that_http_cannot_carry_is_refused_without_being_told(http: Http, key: str) -> None:
    with pytest.raises(Fatal) as raised:
        http.endpoint("https://api.example/v1", {"authorization": f"Bearer {key}"})
    assert raised.value.category == "auth"
    assert "s3cr" not in str(raised.value)


@pytest.mark.parametrize(
    "address",
    ["api.example/v1", "ftp://api.example", "//api.example", "https://", "https:///v1", "https://:443/v1",
     "https://api.example:0", "https://api.example:65536", "https://api.example:http", "https://[::1", "https://a..b",
     "https://me:s3cret@api.example/v1", "https://s3cret@api.example", "https://a b", "https://me:s3cret@api.example:http"],
)  # fmt: skip
def test_what_is_no_address_of_a_server_is_refused_without_its_password(address: str) -> None:
    with pytest.raises(Fatal) as raised:
        base_url(address, "https://api.example")
    assert raised.value.category == "auth"
    assert "s3cret" not in str(raised.value)
    assert raised.value.__context__ is None


def test_a_base_url_is_the_configured_one_else_the_default_without_a_slash_at_its_end() -> None:
    assert base_url("http://localhost:1234/v1/", "https://api.example") == "http://localhost:1234/v1"
    assert (
        base_url(None, "https://api.example/v1/") == base_url("", "https://api.example/v1") == "https://api.example/v1"
    )


@pytest.mark.parametrize(
    ("start", "for_ever"),
    [(HEAD + b"content-length: 99999999\r\n\r\n", MANY), (HEAD + b"\r\n", MANY),
     (HEAD + b"transfer-encoding: chunked\r\n\r\n", b"10000\r\n" + MANY + b"\r\n"),
     (HEAD, b"x-more: " + MANY + b"\r\n"), (b"", b"HTTP/1.1 100 Continue\r\n\r\n" * 1000)],
    ids=["length", "unframed", "chunks", "headers", "interim"],
)  # fmt: skip
async def test_an_endless_answer_cannot_be_read(http: Http, listen: Listen, start: bytes, for_ever: bytes) -> None:
    server = await listen()
    server.plays = chain([start], repeat(for_ever))
    assert await fails(http, f"http://{server.authority}") == ("model_error", True)
    server.plays = [ANSWER]
    assert await http.endpoint(f"http://{server.authority}", {}).post({}, 20.0) == {"so": True}
    assert server.opened == 2


async def test_every_answer_may_be_as_long_as_the_largest(http: Http, listen: Listen) -> None:
    server = await listen()
    head = HEAD + b"content-length: %d\r\n\r\n"
    size = LARGEST_ANSWER - len(head % LARGEST_ANSWER)
    server.plays = [head % size, b'"%b"' % bytes(size - 2).replace(b"\x00", b"x")]
    for _ in range(2):
        assert len(await http.endpoint(f"http://{server.authority}", {}).post({}, 20.0)) == size - 2
    assert server.opened == 1


async def test_nobody_listening_is_the_network(http: Http) -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port = reserved.getsockname()[1]
    assert await fails(http, f"http://127.0.0.1:{port}") == ("network", True)


async def test_the_time_of_a_call_is_also_for_the_handshake(http: Http, listen: Listen) -> None:
    server = await listen()
    assert await fails(http, f"https://{server.authority}", timeout_s=0.1) == ("timeout", True)
    while not server.closed:
        await asyncio.sleep(0.001)


async def test_an_unknown_authority_is_the_network(http: Http, listen: Listen, certificates: Certificates) -> None:
    server = await listen(tls=certificates[1])
    assert await fails(http, f"https://{server.authority}") == ("network", True)
    assert server.requests == []


async def test_the_authorities_of_ssl_cert_file_are_believed_for_the_names_they_signed(
    http: Http,
    listen: Listen,
    certificates: Certificates,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificates[0]))
    server, other = await listen(tls=certificates[1]), await listen("127.0.0.2", certificates[1])
    assert await http.endpoint(f"https://{server.authority}", {}).post({}, 20.0) == {"so": True}
    assert await fails(http, f"https://{other.authority}") == ("network", True)
