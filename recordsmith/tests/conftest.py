"""A local system whose services are stand-ins: real processes, started by the real command."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

STRIPPED = ("KAFKA_", "DATABASE_URL", "SF_", "HUBSPOT_", "RECORDSMITH_", "AI_", "OPENAI_", "ANTHROPIC_", "LMSTUDIO_")


def clean_environment(**extra: str) -> dict[str, str]:
    """The test's environment without what a developer's shell may configure."""
    return {name: value for name, value in os.environ.items() if not name.startswith(STRIPPED)} | extra


def is_alive(pid: int) -> bool:
    """Whether the process exists and is no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def poll(holds: Callable[[], Any], patience_s: float = 15.0) -> Any:
    """Poll until it holds (a truthy value), and return that."""
    limit = time.monotonic() + patience_s
    while time.monotonic() < limit:
        with contextlib.suppress(OSError, ValueError, KeyError):
            if found := holds():
                return found
        time.sleep(0.02)
    raise AssertionError(f"not within {patience_s} s")


class Command:
    """One running `recordsmith` with a mark in its environment that every descendant inherits."""

    def __init__(self, arguments: list[str], folder: Path, environment: dict[str, str]) -> None:
        self.arguments, self.folder = arguments, folder
        self.mark = uuid.uuid4().hex
        self.out = folder / f"out-{self.mark[:6]}.txt"
        with self.out.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "recordsmith", *arguments],
                cwd=folder,
                env=environment | {"TEST_MARK": self.mark},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
            )

    def output(self) -> str:
        return self.out.read_text()

    def run_file(self, patience_s: float = 15.0) -> dict[str, Any]:
        """run.json as another program reads it, once it is there."""
        data = self.folder / self.arguments[self.arguments.index("--data") + 1]
        content: dict[str, Any] = poll(lambda: json.loads((data / "run.json").read_text()), patience_s)
        return content

    def signal(self, number: signal.Signals) -> int:
        """Send it and wait for the end; the exit code."""
        self.process.send_signal(number)
        return self.process.wait(20)

    def family(self) -> list[int]:
        """Living processes that carry the mark."""
        mark = f"TEST_MARK={self.mark}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            with contextlib.suppress(OSError):
                if entry.name.isdigit() and mark in (entry / "environ").read_bytes().split(b"\0"):
                    found.append(int(entry.name))
        return [pid for pid in found if is_alive(pid)]


@pytest.fixture(scope="session")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for PYTHONPATH in which the services' names are the stand-ins."""
    folder = tmp_path_factory.mktemp("stand-ins")
    shutil.copy(Path(__file__).with_name("stand_in.py"), folder)
    for package in ("gateway", "schema_svc", "generator_svc", "writer_svc", "crm_sandbox"):
        (folder / package).mkdir()
        (folder / package / "__init__.py").touch()
        starts = "sandbox" if package == "crm_sandbox" else "service"
        (folder / package / "__main__.py").write_text(f"import stand_in\nstand_in.{starts}()\n")
    return folder


@pytest.fixture
def recordsmith(stand_ins: Path, tmp_path: Path) -> Iterator[Callable[..., Command]]:
    """Start `recordsmith …` in an empty folder; whatever is left at the test's end is killed."""
    commands: list[Command] = []

    def start(*arguments: str, **extra: str) -> Command:
        environment = clean_environment(PYTHONPATH=str(stand_ins), **extra)
        commands.append(Command(list(arguments), tmp_path, environment))
        return commands[-1]

    yield start
    for command in commands:
        for pid in command.family():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        command.process.wait(5)


@pytest.fixture
def alive() -> Callable[[int], bool]:
    """Whether a process exists and is no zombie."""
    return is_alive


@pytest.fixture
def wait_for() -> Callable[..., Any]:
    """Poll until something holds."""
    return poll
