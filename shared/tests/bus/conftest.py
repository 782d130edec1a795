"""A real broker for the tests of the bus: the embedded one, started from its own binary."""

from __future__ import annotations

import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import pytest
from shared.settings import KafkaSettings


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaSettings]:
    """An embedded broker, and settings that make waiting short."""
    port = free_port()
    # The binary itself: a signal to the package's script would leave the broker running.
    binary = str(files("noida_db") / "noida-db")
    data = tmp_path_factory.mktemp("kafka")
    with (data / "log").open("wb") as log:
        broker = subprocess.Popen(
            [binary, "start", "--only", "kafka", "--kafka-port", str(port), "--data-dir", str(data)],
            stdout=log,
            stderr=subprocess.STDOUT,
        )
    try:
        wait_for_port(port, broker, data / "log")
        yield KafkaSettings(
            bootstrap_servers=f"127.0.0.1:{port}", commit_interval_s=0.05, drain_s=3.0, retry_delay_factor=0.01
        )
    finally:
        broker.send_signal(signal.SIGTERM)
        try:
            broker.wait(5)
        except subprocess.TimeoutExpired:
            broker.kill()
            broker.wait()


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_for_port(port: int, broker: subprocess.Popen[bytes], log: Path) -> None:
    """Return when the broker answers."""
    deadline = time.monotonic() + 15
    while time.monotonic() < deadline and broker.poll() is None:
        with socket.socket() as probe:
            probe.settimeout(0.5)
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise RuntimeError(f"the embedded broker did not start: {log.read_text(errors='replace')[-2000:]}")
