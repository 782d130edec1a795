import json
import socket
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

import typer


def test_the_root_command_finds_sandbox_by_its_entry_point() -> None:
    (point,) = [one for one in entry_points(group="recordsmith.commands") if one.value.startswith("crm_sandbox.")]
    app = point.load()
    assert isinstance(app, typer.Typer)
    assert [command.name for command in app.registered_commands] == [point.name] == ["sandbox"]


def test_a_taken_port_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        words = [sys.executable, "-m", "crm_sandbox", "--data", str(tmp_path / "data"), "--http-port", port]
        ended = subprocess.run(words, capture_output=True, text=True, timeout=20, check=False)
    assert ended.returncode == 1
    assert ended.stderr.strip() == f"recordsmith sandbox: port {port} is taken. Leave it out to get a free one."
    assert ended.stdout == ""


def test_the_ports_asked_for_are_used(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    words = [sys.executable, "-m", "crm_sandbox", "--data", str(tmp_path / "data"), "--http-port", str(port)]
    with subprocess.Popen([*words, "--org", "empty"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        handle = json.loads(process.stdout.readline())
        process.terminate()
    assert handle["http"] == f"http://127.0.0.1:{port}"
    assert handle["admin"]["url"] == f"http://127.0.0.1:{port}/admin"
