"""`recordsmith run` from outside: real processes of the stand-ins and the real embedded broker."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

Start = Callable[..., Any]
Alive = Callable[[int], bool]
Wait = Callable[..., Any]
SERVICES = {"gateway", "schema-svc", "generator-svc", "writer-svc"}


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def running(recordsmith: Start, data: Path, *flags: str, **environment: str) -> tuple[Any, dict[str, Any]]:
    command = recordsmith("run", "--data", str(data), *flags, **environment)
    return command, command.run_file()


def pids(run: dict[str, Any]) -> dict[str, int]:
    return {name: process["pid"] for name, process in run["processes"].items()}


def test_the_run_file_and_each_service_say_what_is_running(recordsmith: Start, data: Path, alive: Alive) -> None:
    command, run = running(recordsmith, data)
    assert (data / "run.json").stat().st_mode & 0o777 == 0o600
    assert set(run) == {"gateway", "api_key", "bootstrap_servers", "database_url", "processes", "sandbox"}
    assert set(run["processes"]) == SERVICES | {"sandbox", "broker"}
    assert all(alive(pid) for pid in pids(run).values())
    assert len(set(pids(run).values())) == len(run["processes"])
    assert set(pids(run).values()) < set(command.family())
    assert run["database_url"] == f"sqlite:///{data.resolve() / 'gateway.sqlite3'}"
    assert run["sandbox"] == json.loads((data / "sandbox" / "sandbox.json").read_text())
    each_service_has_what_it_needs_and_no_more(run, data)


def each_service_has_what_it_needs_and_no_more(run: dict[str, Any], data: Path) -> None:
    names = ("gateway", "schema_svc", "generator_svc", "writer_svc")
    gateway, schema, generator, writer = (json.loads((data / f"{name}.seen.json").read_text()) for name in names)
    assert gateway["RECORDSMITH_API_KEY"] == run["api_key"] == (data / "api_key").read_text().strip()
    assert (data / "api_key").stat().st_mode & 0o777 == 0o600
    assert {seen["SF_LOGIN_URL"] for seen in (gateway, schema, writer)} == {run["sandbox"]["http"]}
    assert generator["SF_LOGIN_URL"] is None
    assert writer["RECORDSMITH_API_KEY"] is None


@pytest.mark.parametrize("name", ["writer-svc", "broker"])
def test_a_process_that_dies_comes_back_and_the_run_file_says_so(
    recordsmith: Start, data: Path, name: str, alive: Alive, wait_for: Wait
) -> None:
    command, run = running(recordsmith, data)
    os.kill(pids(run)[name], signal.SIGKILL)
    again = wait_for(lambda: (now := command.run_file()) and pids(now)[name] != pids(run)[name] and now)
    assert alive(pids(again)[name])
    assert again["processes"][name]["url"] == run["processes"][name]["url"]
    others = SERVICES - {name}
    assert {other: pids(again)[other] for other in others} == {other: pids(run)[other] for other in others}


def test_a_restarted_sandbox_brings_its_new_session_into_the_run_file(
    recordsmith: Start, data: Path, wait_for: Wait
) -> None:
    command, run = running(recordsmith, data)
    os.kill(pids(run)["sandbox"], signal.SIGKILL)
    old = run["sandbox"]["salesforce"]["access_token"]
    again = wait_for(lambda: (now := command.run_file())["sandbox"]["salesforce"]["access_token"] != old and now)
    assert again["sandbox"]["http"] == run["sandbox"]["http"]


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_everything(recordsmith: Start, data: Path, number: signal.Signals, code: int) -> None:
    command, _ = running(recordsmith, data)
    began = time.monotonic()
    assert command.signal(number) == code
    assert time.monotonic() - began < 5
    assert command.family() == []
    assert not (data / "run.json").exists()


def test_a_signal_during_the_start_ends_everything(recordsmith: Start, data: Path, wait_for: Wait) -> None:
    command = recordsmith("run", "--data", str(data))
    wait_for(lambda: (data / "logs" / "broker.log").exists())
    assert command.signal(signal.SIGINT) == 130
    assert command.family() == []


def test_killing_the_supervisor_leaves_no_orphan(recordsmith: Start, data: Path, wait_for: Wait) -> None:
    command, run = running(recordsmith, data)
    assert len(command.family()) == 1 + len(run["processes"])
    command.process.kill()
    command.process.wait(5)
    wait_for(lambda: command.family() == [], patience_s=3)


def test_a_folder_in_use_is_refused_and_a_stale_run_file_is_not_believed(
    recordsmith: Start, data: Path, wait_for: Wait
) -> None:
    data.mkdir()
    (data / "run.json").write_text('{"gateway": "stale"}')
    first = recordsmith("run", "--data", str(data))
    run = wait_for(lambda: (now := first.run_file())["gateway"] != "stale" and now)
    second = recordsmith("run", "--data", str(data))
    assert second.process.wait(10) == 3
    assert f"in use by a running system (pid {first.process.pid})" in second.output()
    assert "--data" in second.output().splitlines()[1]
    assert first.run_file() == run


def test_replicas_are_refused_with_the_embedded_broker(recordsmith: Start, data: Path) -> None:
    command = recordsmith("run", "--data", str(data), "--replicas", "generator-svc=4")
    assert command.process.wait(10) == 2
    assert "KAFKA_BOOTSTRAP_SERVERS" in command.output()


def test_a_given_kafka_port_and_key_are_used_and_replicas_numbered(recordsmith: Start, data: Path) -> None:
    given = {"KAFKA_BOOTSTRAP_SERVERS": "kafka.example:9092", "RECORDSMITH_API_KEY": "chosen"}
    _, run = running(recordsmith, data, "--replicas", "generator-svc=2", "--port", "19417", **given)
    replicas = {"generator-svc-1", "generator-svc-2"}
    assert set(run["processes"]) == SERVICES - {"generator-svc"} | replicas | {"sandbox"}
    assert run["bootstrap_servers"] == "kafka.example:9092"
    assert run["gateway"] == "http://127.0.0.1:19417"
    assert run["api_key"] == "chosen"
    assert not (data / "api_key").exists()


def test_real_credentials_in_the_env_file_keep_the_sandbox_away(recordsmith: Start, data: Path, tmp_path: Path) -> None:
    (tmp_path / "server.key").write_text("key")
    lines = (
        "SF_LOGIN_URL=https://login.example",
        "SF_CONSUMER_KEY=c",
        "SF_USERNAME=u@example",
        "SF_PRIVATE_KEY_FILE=server.key",
    )
    (tmp_path / ".env").write_text("\n".join(lines))
    _, run = running(recordsmith, data, SF_USERNAME="real@example")
    assert run["sandbox"] is None
    assert "sandbox" not in run["processes"]
    assert json.loads((data / "schema_svc.seen.json").read_text())["SF_USERNAME"] == "real@example"


def test_a_taken_port_is_refused_before_anything_starts(recordsmith: Start, data: Path) -> None:
    holder = "import socket, time; s = socket.create_server(('127.0.0.1', 19418)); print(flush=True); time.sleep(60)"
    with subprocess.Popen([sys.executable, "-c", holder], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        command = recordsmith("run", "--data", str(data), "--port", "19418")
        assert command.process.wait(10) == 3
        process.kill()
    assert "Port 19418 on 127.0.0.1 is in use." in command.output()
    assert not (data / "logs").exists()
