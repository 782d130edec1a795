"""One process, two ports: http and https on loopback, served from one loop."""

import asyncio
import logging
import signal
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

import orjson
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from crm_sandbox.app import ABORT, Application
from crm_sandbox.certificates import ensure_certificates, public_key
from crm_sandbox.identity import Identity
from crm_sandbox.org import Org
from crm_sandbox.settings import Settings, claimed, write_private

LOOPBACK = "127.0.0.1"
HANDLE = "sandbox.json"
MARK = ("x-recordsmith-sandbox", "sandbox")


class PortTakenError(Exception):
    """Something else listens on the port asked for."""


class AbortableHttp(HttpToolsProtocol):
    """Tells the application how to break the connection, which a fault may ask for."""

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self.scope["extensions"] = {ABORT: self.transport.abort}  # type: ignore[dict-item]


class Server(uvicorn.Server):
    """A server whose signals are this module's business, as there are two in the process."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


def run(settings: Settings) -> None:
    """Serve until SIGTERM or SIGINT."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    with claimed(settings.data):
        folder = settings.data.resolve()
        # Whoever waits for this file must not read the last run's ports.
        (folder / HANDLE).unlink(missing_ok=True)
        asyncio.run(_serve(settings, folder))


async def _serve(settings: Settings, folder: Path) -> None:
    sockets = [_listener(settings.http_port), _listener(settings.https_port)]
    ensure_certificates(folder)
    http, https = (listener.getsockname()[1] for listener in sockets)
    urls = (f"http://{LOOPBACK}:{http}", f"https://localhost:{https}")
    org = Org(folder, Identity.of_folder(folder), public_key(folder), seed=settings.org, records=settings.records)
    org.serve_at(urls)
    org.jobs.resume()
    application = Application(org)
    servers = [Server(_config(application)), Server(_config(application, folder / "https.pem"))]
    _stop_on_signals(servers)
    tasks = [asyncio.create_task(one.serve([at])) for one, at in zip(servers, sockets, strict=True)]
    try:
        for one in servers:
            await one.listening.wait()
        _announce(folder, _handle(folder, org))
        await asyncio.gather(*tasks)
    finally:
        org.close()


def _config(application: Application, certificate: Path | None = None) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http=AbortableHttp,
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="warning",
        access_log=False,
        server_header=False,
        headers=[MARK],
        # simple-salesforce asks after a job every five seconds, which is when uvicorn would hang up.
        timeout_keep_alive=60,
        timeout_graceful_shutdown=1,
        ssl_certfile=certificate,
    )


def _listener(port: int) -> socket.socket:
    # Only with its protocol named does asyncio switch Nagle off, which else costs 40 ms on every answer.
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((LOOPBACK, port))
    except OSError as error:
        listener.close()
        raise PortTakenError(f"port {port} is taken. Leave it out to get a free one.") from error
    return listener


def _stop_on_signals(servers: list[Server]) -> None:
    def stop() -> None:
        for server in servers:
            server.should_exit = True

    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)


def _handle(folder: Path, org: Org) -> dict[str, Any]:
    """All that a client needs: addresses, certificates, credentials."""
    me = org.identity
    http, https = org.urls
    return {
        "http": http,
        "https": https,
        "ca_file": str(folder / "ca.pem"),
        "salesforce": {
            "username": me.username,
            "password": me.password,
            "security_token": me.security_token,
            "consumer_key": me.consumer_key,
            "private_key_file": str(folder / "server.key"),
            "access_token": me.access_token,
        },
        "hubspot": asdict(me.hubspot),
        "admin": {"url": f"{http}/admin", "token": me.admin_token},
    }


def _announce(folder: Path, handle: dict[str, Any]) -> None:
    line = orjson.dumps(handle)
    write_private(folder / HANDLE, line + b"\n")
    sys.stdout.write(line.decode() + "\n")
    sys.stdout.flush()
