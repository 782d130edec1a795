"""A loopback server that answers as Salesforce does, and misbehaves where a test says so. Imported by tests only."""

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

EXPIRED = JSONResponse([{"message": "Session expired or invalid", "errorCode": "INVALID_SESSION_ID"}], 401)


class LoopbackOrg:
    """`script` holds answers that come before the usual one, by path suffix."""

    def __init__(self) -> None:
        self.url = ""
        self.calls: Counter[str] = Counter()
        self.bodies: list[Any] = []
        self.headers: list[Mapping[str, str]] = []
        self.assertions: list[str] = []
        self.tokens = 0
        self.valid: set[str] = set()
        self.script: dict[str, list[Response]] = {}
        self.login_delay = 0.0

    def expire(self) -> None:
        """Every token that was given out is worth nothing from now on."""
        self.valid.clear()

    async def token(self, request: Request) -> Response:
        self.calls["login"] += 1
        await asyncio.sleep(self.login_delay)
        form = (await request.body()).decode()
        self.assertions.append(form)
        if self.script.get("login"):
            return self.script["login"].pop(0)
        self.tokens += 1
        token = f"00D!{self.tokens}"
        self.valid.add(token)
        return JSONResponse({"access_token": token, "instance_url": self.url, "token_type": "Bearer"})

    async def data(self, request: Request) -> Response:
        name = request.path_params["rest"].split("/", 1)[1]
        self.calls[name] += 1
        self.headers.append(dict(request.headers))
        if request.headers["authorization"].removeprefix("Bearer ") not in self.valid:
            return EXPIRED
        body = await request.body()
        self.bodies.append(json.loads(body) if body else None)
        if self.script.get(name):
            return self.script[name].pop(0)
        if name == "query":
            return JSONResponse(
                {"done": False, "nextRecordsUrl": "/services/data/v62.0/query/01g-2000", "records": [{"Id": "1"}]}
            )
        if name == "query/01g-2000":
            return JSONResponse({"done": True, "records": [{"Id": "2"}]})
        if name.startswith("composite"):
            records = json.loads(body)["records"]
            return JSONResponse([{"id": str(i), "success": True, "errors": []} for i in range(len(records))])
        return JSONResponse({"name": name, "fields": []})


@asynccontextmanager
async def serving(org: LoopbackOrg) -> AsyncIterator[LoopbackOrg]:
    """Answer on a free port of this machine until the block ends."""
    routes = [
        Route("/services/oauth2/token", org.token, methods=["POST"]),
        Route("/services/data/{rest:path}", org.data, methods=["GET", "POST", "PATCH", "DELETE"]),
    ]
    server = uvicorn.Server(uvicorn.Config(Starlette(routes=routes), port=0, log_config=None, lifespan="off"))
    task = asyncio.create_task(server.serve())
    while not server.started:  # noqa: ASYNC110
        await asyncio.sleep(0.005)
    org.url = f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    yield org
    server.should_exit = True
    await task
