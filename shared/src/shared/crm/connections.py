"""What all CRM clients do alike: one pool of connections with explicit timeouts, calls that are counted and timed."""

from __future__ import annotations

import ssl
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import httpx

from shared.crm.meters import CALLS, SECONDS
from shared.errors import Retryable

CONNECT_S = 10.0
_LOCAL = frozenset({"127.0.0.1", "localhost", "::1"})


def pooled(
    address: str,
    *,
    timeout_s: float,
    wait_s: float,
    connections: int,
    ca_file: Path | None,
    headers: Mapping[str, str] | None = None,
) -> httpx.AsyncClient:
    """A client that keeps up to `connections`; `timeout_s` is between two bytes, `wait_s` for a free connection."""
    return httpx.AsyncClient(
        timeout=httpx.Timeout(timeout_s, connect=CONNECT_S, pool=wait_s),
        limits=httpx.Limits(max_connections=connections, max_keepalive_connections=connections),
        verify=ssl.create_default_context(cafile=ca_file) if ca_file else True,
        headers=headers,
        # A proxy of the environment never leads to this machine's own sandbox.
        trust_env=urlsplit(address).hostname not in _LOCAL,
    )


@dataclass
class Counted:
    """A call under way; its status is an HTTP status once there is one."""

    status: str = "error"


@contextmanager
def counted(crm: str, operation: str) -> Iterator[Counted]:
    """Count and time a call, however it ends."""
    began, call = time.perf_counter(), Counted()
    try:
        yield call
    finally:
        CALLS.labels(crm, operation, call.status).inc()
        SECONDS.labels(crm, operation).observe(time.perf_counter() - began)


def unreachable(crm: str, error: Exception) -> Retryable:
    """Nothing was answered. The text of the error may quote the URL and so a value: its type says enough."""
    timed_out = isinstance(error, httpx.TimeoutException | TimeoutError)
    said = f"{crm} could not be reached ({type(error).__name__})"
    return Retryable(said, category="timeout" if timed_out else "network")
