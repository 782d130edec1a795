"""The door: a bearer key on everything under /api and on /generate, checked before anything of a request is read."""

from __future__ import annotations

import hmac

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.api.problems import Problem, response_of

OPEN = ("/api/docs", "/api/openapi.json")
"""The API's own description holds no data, and a browser opens it without headers."""


class BearerKey:
    """Middleware that answers 401 to whoever does not show the key."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._app = app
        self._key = key.encode()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and _guarded(scope["path"]) and not self._shown(Headers(scope=scope)):
            problem = Problem(
                401,
                "Send the API key as `Authorization: Bearer <key>`.",
                slug="unauthorized",
                headers={"WWW-Authenticate": 'Bearer realm="recordsmith"'},
            )
            await response_of(problem, scope["path"])(scope, receive, send)
            return
        await self._app(scope, receive, send)

    def _shown(self, headers: Headers) -> bool:
        scheme, _, given = headers.get("authorization", "").partition(" ")
        # Constant time: how long the comparison takes must not tell how much of a guess was right.
        return (
            hmac.compare_digest(given.strip().encode("utf-8", "surrogateescape"), self._key)
            and scheme.lower() == "bearer"
        )


def _guarded(path: str) -> bool:
    inside = path in ("/api", "/generate") or path.startswith(("/api/", "/generate/"))
    return inside and not any(path == open_path or path.startswith(f"{open_path}/") for open_path in OPEN)
