"""A span and a duration for every request; and an answer where a route broke."""

from __future__ import annotations

import time

from opentelemetry.trace import SpanKind
from prometheus_client import Histogram
from shared.telemetry import get_logger, names, span
from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.api.problems import Problem, response_of

_SECONDS = Histogram(names.METRIC_HTTP_SECONDS, "Duration of HTTP requests", ["route", "method", "status"])
_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


class Traced:
    """Middleware: continues the caller's trace, names the span after the route, and lets no exception out as text."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"] in ("/healthz", "/readyz", "/metrics"):
            await self._app(scope, receive, send)
            return
        method = scope["method"] if scope["method"] in _METHODS else "_OTHER"
        began, status = time.perf_counter(), 0

        async def note(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        traceparent = Headers(scope=scope).get("traceparent")
        with span(
            method, kind=SpanKind.SERVER, traceparent=traceparent, attributes={names.HTTP_METHOD: method}
        ) as current:
            try:
                await self._app(scope, receive, note)
            except Exception as error:
                _log(error)
                current.set_attribute(names.ERROR_TYPE, type(error).__name__)
                if status:
                    raise  # the answer has begun: breaking the connection is the only way to say that it is not whole
                problem = Problem(500, "The gateway could not handle this. Report it with the trace id.", slug="bug")
                await response_of(problem, scope["path"])(scope, receive, note)
            finally:
                route = getattr(scope.get("route"), "path", "unmatched")
                current.update_name(f"{method} {route}")
                current.set_attributes({names.HTTP_ROUTE: route, names.HTTP_STATUS: status})
                _SECONDS.labels(route, method, str(status)).observe(time.perf_counter() - began)


def _log(error: Exception) -> None:
    """Type and place only: the text of an exception may quote a record."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    place = f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}" if trace else "unknown"
    get_logger().error("request_failed", error=type(error).__name__, place=place)
