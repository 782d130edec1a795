"""A loopback server that answers as a HubSpot portal where a test says so. Imported by tests only."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

TOKEN_PATH = "/oauth/v1/token"  # noqa: S105 – a path


class LoopbackPortal:
    """`script` holds answers that come before the usual one, by path; `usual` what a path answers else."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: Counter[str] = Counter()
        self.bodies: list[tuple[str, Any]] = []
        self.valid: set[str] = {"pat-1"}
        self.script: dict[str, list[Response]] = {}
        self.usual: dict[str, Any] = {"/account-info/v3/details": {"portalId": 1, "timeZone": "US/Eastern"}}
        self.refresh_delay = 0.0
        self.given_out = 0

    async def answer(self, request: Request) -> Response:
        path = request.url.path
        self.calls[path] += 1
        body = await request.body()
        if path == TOKEN_PATH:
            return await self._token()
        if request.headers["authorization"].removeprefix("Bearer ") not in self.valid:
            return refusal(401, "EXPIRED_AUTHENTICATION")
        self.bodies.append((path, json.loads(body) if body else None))
        if self.script.get(path):
            return self.script[path].pop(0)
        return JSONResponse(self.usual.get(path, {"results": []}))

    async def _token(self) -> Response:
        await asyncio.sleep(self.refresh_delay)
        if self.script.get(TOKEN_PATH):
            return self.script[TOKEN_PATH].pop(0)
        self.given_out += 1
        token = f"oauth-{self.given_out}"
        self.valid.add(token)
        return JSONResponse({"token_type": "bearer", "access_token": token, "expires_in": 1800})


def refusal(
    status: int, category: str = "VALIDATION_ERROR", *, headers: Mapping[str, str] | None = None, **more: Any
) -> JSONResponse:
    """An error body of HubSpot."""
    body = {"status": "error", "message": "no", "correlationId": "c", "category": category, **more}
    return JSONResponse(body, status, dict(headers or {}))


@asynccontextmanager
async def serving_portal(portal: LoopbackPortal) -> AsyncIterator[LoopbackPortal]:
    """Answer on a free port of this machine until the block ends."""
    routes = [Route("/{rest:path}", portal.answer, methods=["GET", "POST", "PATCH", "PUT"])]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), port=0, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    portal.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield portal
    server.should_exit = True
    await task
