"""The embedded Kafka-protocol broker of local runs: the `noida-db` binary. Nothing else in the project knows it.

One member per consumer group only, so local systems run one process of each service.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from recordsmith.ports import LOOPBACK
from recordsmith.problems import Problem
from recordsmith.processes import Program
from recordsmith.readiness import when_port_answers

CLIENT_SETTINGS = {"KAFKA_IDLE_FETCH_PAUSE_S": "0.04", "KAFKA_GROUP_MEMBERSHIP": "false"}
"""What its consumers need: it answers an empty fetch at once, where Kafka holds it open; and it never lets a group go
on that a killed member was in."""

KAFKA_SETTINGS = {"KAFKA_SESSION_TIMEOUT_S": "10"}
"""On a Kafka of one's own: the supervisor has a killed service back in seconds, so its group need not wait long."""


def embedded_broker(data: Path, port: int, environment: Mapping[str, str]) -> Program:
    """The broker on `127.0.0.1:port`, its topics under `data`/broker."""
    return Program(
        name="broker",
        # The binary itself: the script of the same name only starts it, and a signal to the script leaves it running.
        argv=(str(binary()), "start", "--only", "kafka", "--kafka-port", str(port), "--data-dir", str(data / "broker")),
        environment=environment,
        log=data / "logs" / "broker.log",
        ready=when_port_answers(port),
        url=f"{LOOPBACK}:{port}",
        folder=data,
        grace_s=2.0,
    )


def binary() -> Path:
    """The broker's executable."""
    package = find_spec("noida_db")
    path = Path(package.origin).with_name("noida-db") if package and package.origin else None
    if path is None or not path.is_file():
        raise Problem(
            "The embedded broker (noida-db) is not installed.",
            "Run: uv sync --group broker   or set KAFKA_BOOTSTRAP_SERVERS to a Kafka of yours.",
        )
    if not os.access(path, os.X_OK):
        path.chmod(path.stat().st_mode | 0o111)
    return path
