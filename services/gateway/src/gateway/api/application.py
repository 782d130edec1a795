"""The web application: routes, the door, traces and problems around them."""

from __future__ import annotations

from typing import Any

from fastapi import FastAPI
from shared.serving import operations_routes

from gateway.api import batches, dead_letters, docs, events, generate, manifests, problems, records, results
from gateway.api.auth import BearerKey
from gateway.api.context import Gateway
from gateway.api.tracing import Traced

VERSION = "1"
DESCRIPTION = """Submit batches, follow them, and read what became of every record. Errors are RFC 9457 problems."""


def create(gateway: Gateway, *, lifespan: Any = None) -> FastAPI:
    """The application around these parts; `lifespan` starts and stops what runs beside it."""
    app = FastAPI(
        title="Recordsmith",
        version=VERSION,
        description=DESCRIPTION,
        openapi_url="/api/openapi.json",
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        lifespan=lifespan,
    )
    app.state.gateway = gateway
    for part in (generate, batches, records, results, manifests, events, dead_letters):
        app.include_router(part.router)
    app.router.routes += operations_routes(gateway.bus)
    docs.install(app)
    problems.install(app)
    # The last one added is the outermost: a refused request has a span and a trace id as well.
    app.add_middleware(BearerKey, key=gateway.api_key)
    app.add_middleware(Traced)
    return app
