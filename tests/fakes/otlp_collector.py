"""An OTLP/HTTP collector in memory: every exported span, as sent, to look into."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class ExportedSpan:
    """What a span said of itself, ids in hex."""

    service: str
    name: str
    trace: str
    span: str
    parent: str
    links: tuple[tuple[str, str], ...]
    text: str
    """The whole span and its resource as text: to search for what must not be in it."""


@dataclass
class Collected:
    """Everything received so far."""

    endpoint: str
    spans: list[ExportedSpan] = field(default_factory=list)

    def traces_linked_with(self, trace: str) -> set[str]:
        """All traces that can be reached from one over span links, in either direction."""
        edges = {(one.trace, other) for one in self.spans for other, _ in one.links}
        reached, todo = {trace}, [trace]
        while todo:
            here = todo.pop()
            near = {b for a, b in edges if a == here} | {a for a, b in edges if b == here}
            todo += near - reached
            reached |= near
        return reached


@contextmanager
def otlp_collector() -> Iterator[Collected]:
    """A collector on a free loopback port."""
    collected = Collected("")

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            if self.headers.get("content-encoding") == "gzip":
                body = gzip.decompress(body)
            collected.spans.extend(_decode(body))
            self.send_response(200)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    collected.endpoint = f"http://127.0.0.1:{server.server_address[1]}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield collected
    finally:
        server.shutdown()
        server.server_close()


def _decode(body: bytes) -> Iterator[ExportedSpan]:
    request = ExportTraceServiceRequest()
    request.ParseFromString(body)
    for resource in request.resource_spans:
        service = next(a.value.string_value for a in resource.resource.attributes if a.key == "service.name")
        for scope in resource.scope_spans:
            for span in scope.spans:
                yield ExportedSpan(
                    service=service, name=span.name, trace=span.trace_id.hex(), span=span.span_id.hex(),
                    parent=span.parent_span_id.hex(),
                    links=tuple((link.trace_id.hex(), link.span_id.hex()) for link in span.links),
                    text=f"{resource.resource}{span}",
                )  # fmt: skip
