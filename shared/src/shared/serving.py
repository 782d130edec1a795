"""Runs a service: health, readiness and metrics over HTTP around a bus, until it is told to stop."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any, Protocol

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from shared.settings import HttpSettings
from shared.telemetry import get_logger, names, stop_traces

Hook = Callable[[], Awaitable[None]]


class Ready(Protocol):
    """What readiness is asked of."""

    @property
    def ready(self) -> tuple[bool, dict[str, str]]: ...


class Running(Ready, Protocol):
    """What a service starts and stops; in practice a `Bus`."""

    async def start(self) -> None: ...
    async def stop(self) -> None: ...


def operations_routes(service: Ready) -> list[Route]:
    """`/healthz` (the event loop turns), `/readyz` (it can do its work), `/metrics`."""

    async def healthz(_: Request) -> Response:
        return JSONResponse({"status": "ok"})

    async def readyz(_: Request) -> Response:
        ready, reasons = service.ready
        return JSONResponse({"ready": ready, "checks": reasons}, status_code=200 if ready else 503)

    async def metrics(_: Request) -> Response:
        return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)

    return [Route("/healthz", healthz), Route("/readyz", readyz), Route("/metrics", metrics)]


def service_app(bus: Running, *, before: Sequence[Hook] = (), after: Sequence[Hook] = ()) -> Starlette:
    """An ASGI application whose life is the bus's: started in order, stopped in reverse."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        for hook in before:
            await hook()
        await bus.start()
        get_logger().info(names.LOG_STARTED)
        yield
        await bus.stop()
        for hook in after:
            await hook()
        get_logger().info(names.LOG_STOPPED)
        stop_traces()

    return Starlette(routes=operations_routes(bus), lifespan=lifespan)


def serve(app: Any, settings: HttpSettings) -> None:
    """Answer HTTP until SIGTERM or SIGINT; the address is loopback unless configured otherwise."""
    _collect_rarely()
    uvicorn.run(
        app,
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=5,
        lifespan="on",
    )


def _collect_rarely() -> None:
    """Thousands of records in flight are thousands of live tasks, and each full collection walks them all.

    With Python's own thresholds that is most of a busy service's time. What is there now stays, so it is not looked at
    again; cycles among what comes are still found, only later.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(100_000, 20, 50)
