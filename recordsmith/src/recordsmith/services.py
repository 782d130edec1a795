"""The four services as processes of the local system."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

from recordsmith.environment import without_crm
from recordsmith.exit_codes import USAGE
from recordsmith.ports import LOOPBACK, Ports, is_free
from recordsmith.problems import Problem
from recordsmith.processes import Program
from recordsmith.readiness import when_service_is_ready

if TYPE_CHECKING:
    import httpx

SERVICES: Mapping[str, str] = {
    "gateway": "gateway",
    "schema-svc": "schema_svc",
    "generator-svc": "generator_svc",
    "writer-svc": "writer_svc",
}
"""Name of a service -> what `python -m` starts."""

IN_THE_CRM = ("gateway", "schema-svc", "writer-svc")
"""Only these hold CRM credentials."""
OUTSIDE_THE_CRM = ("generator-svc",)

GATEWAY_PORT = 8_400
"""Preferred; `--port` insists on another."""


@dataclass(frozen=True)
class Surroundings:
    """What a service process is given."""

    data: Path
    bootstrap_servers: str
    api_key: str
    environment: Mapping[str, str]
    grace_s: float
    client: httpx.AsyncClient


def service_programs(
    service: str, around: Surroundings, ports: Ports, crm: Mapping[str, str], count: int, port: int | None
) -> list[Program]:
    """One service, as often as asked for. `port` is the gateway's; the others' are chosen."""
    wanted = (port or ports.choose(GATEWAY_PORT)) if service == "gateway" else None
    return [_program(service, name, around, wanted or ports.choose(), crm) for name in _names(service, count)]


def parse_replicas(words: Sequence[str], *, embedded: bool) -> dict[str, int]:
    """`["generator-svc=4"]` -> `{"generator-svc": 4}`."""
    replicas = {}
    for word in words:
        match = re.fullmatch(r"([a-z-]+)=([1-9]\d?)", word)
        if match is None or match[1] not in SERVICES:
            raise Problem(
                f"--replicas {word} is not understood.", f"Write SERVICE=N; services: {', '.join(SERVICES)}.", USAGE
            )
        replicas[match[1]] = int(match[2])
    if replicas.get("gateway", 1) > 1:
        raise Problem("There is one gateway on one port.", "Ask for replicas of the other services.", USAGE)
    if embedded and any(count > 1 for count in replicas.values()):
        raise Problem(
            "The embedded broker allows one process per service, so it takes no replicas.",
            "Start an Apache Kafka (make kafka) and set KAFKA_BOOTSTRAP_SERVERS to its address.",
            USAGE,
        )
    return replicas


def require_installed() -> None:
    """Say at once which package is missing, instead of restarting what cannot start."""
    missing = [module for module in (*SERVICES.values(), "crm_sandbox") if find_spec(module) is None]
    if missing:
        raise Problem(f"Not installed: {', '.join(missing)}.", "Run make setup.")


def require_free(port: int | None) -> None:
    """Refuse a `--port` that somebody else has."""
    if port is not None and not is_free(port):
        raise Problem(f"Port {port} on {LOOPBACK} is in use.", "Choose another one with --port.")


def _names(service: str, count: int) -> Iterator[str]:
    if count == 1:
        yield service
    else:
        yield from (f"{service}-{number}" for number in range(1, count + 1))


def _program(service: str, name: str, around: Surroundings, port: int, crm: Mapping[str, str]) -> Program:
    environment = {
        **without_crm(around.environment),
        **crm,
        "KAFKA_BOOTSTRAP_SERVERS": around.bootstrap_servers,
        "RECORDSMITH_DATA": str(around.data),
        "HTTP_HOST": LOOPBACK,
        "HTTP_PORT": str(port),
    }
    environment.pop("RECORDSMITH_API_KEY", None)
    if service == "gateway":
        environment["RECORDSMITH_API_KEY"] = around.api_key
    url = f"http://{LOOPBACK}:{port}"
    return Program(
        name=name,
        argv=(sys.executable, "-m", SERVICES[service]),
        environment=environment,
        log=around.data / "logs" / f"{name}.log",
        ready=when_service_is_ready(url, around.client),
        url=url,
        folder=around.data,
        grace_s=around.grace_s,
    )
