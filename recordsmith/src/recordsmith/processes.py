"""One operating-system process: started in a group of its own, dying with us, its output in a log file."""

from __future__ import annotations

import asyncio
import contextlib
import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

ROTATE_AT = 10 * 1024 * 1024
"""Bytes from which a log is set aside at the next start."""

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_LIBC = ctypes.CDLL(None) if sys.platform == "linux" else None
_LOOK_EVERY_S = 0.05

Readiness = Callable[[], Awaitable[str | None]]
"""None when the program can do its work, else a short reason why not yet."""


@dataclass(frozen=True)
class Program:
    """What to start, how to tell that it is ready, and how long it may take to end."""

    name: str
    argv: tuple[str, ...]
    environment: Mapping[str, str]
    log: Path
    ready: Readiness
    url: str | None = None
    folder: Path | None = None
    grace_s: float = 5.0
    before_start: Callable[[], None] = lambda: None
    logs_stdout: bool = True
    """False where the standard output is data that no log may hold."""


def spawn(program: Program) -> subprocess.Popen[bytes]:
    """Start the program. Call from the main thread: Linux ends the child when the *thread* that started it ends.

    A session of its own keeps the terminal's Ctrl-C away from it: the supervisor decides who ends when.
    """
    program.before_start()
    program.log.parent.mkdir(parents=True, exist_ok=True)
    with program.log.open("ab") as log:
        return subprocess.Popen(
            program.argv,
            env=dict(program.environment),
            cwd=program.folder,
            stdin=subprocess.DEVNULL,
            stdout=log if program.logs_stdout else subprocess.DEVNULL,
            stderr=log,
            start_new_session=True,
            preexec_fn=partial(_die_with, os.getpid()),
        )


async def ended(process: subprocess.Popen[bytes]) -> int:
    """Wait for the end; its exit code, negative for a signal."""
    while (code := process.poll()) is None:  # noqa: ASYNC110 - portable; a thread per child is no better
        await asyncio.sleep(_LOOK_EVERY_S)
    return code


async def end(process: subprocess.Popen[bytes], grace_s: float, hurry: asyncio.Event | None = None) -> None:
    """SIGTERM, then SIGKILL after the grace or as soon as `hurry` is set. Takes what the process started along."""
    if process.poll() is None:
        process.terminate()
        await _first_of(ended(process), grace_s, hurry)
    await kill_descendants(process)
    await ended(process)


async def kill_descendants(process: subprocess.Popen[bytes]) -> None:
    """SIGKILL for whatever still lives of what the process started.

    By session, not by group: a build tool such as ninja gives each compiler a group of its own.
    """
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    for _ in range(20):
        living = _session(process.pid)
        if not living:
            return
        for pid in living:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.kill(pid, signal.SIGKILL)
        await asyncio.sleep(0.01)


def rotate(log: Path) -> None:
    """Set a large log aside (one generation)."""
    if log.exists() and log.stat().st_size > ROTATE_AT:
        log.replace(log.with_name(log.name + ".1"))


def tail(log: Path, lines: int = 12) -> str:
    """The last lines of a log."""
    try:
        with log.open("rb") as file:
            file.seek(max(0, log.stat().st_size - 16_384))
            return "\n".join(file.read().decode(errors="replace").splitlines()[-lines:])
    except FileNotFoundError:
        return ""


def _die_with(parent: int) -> None:
    """In the child before exec: ask the kernel for SIGKILL when the supervisor dies, even by kill -9 (prctl(2))."""
    if _LIBC is None:
        return
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:
        os._exit(1)  # it died before we asked


def _session(leader: int) -> list[int]:
    """Living processes of the session that `leader` began (proc(5): state and session follow the command's name)."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            state, _, _, session = (entry / "stat").read_text(errors="replace").rpartition(")")[2].split()[:4]
            if int(session) == leader and state not in "ZX":
                found.append(int(entry.name))
    return found


async def _first_of(ending: Awaitable[int], grace_s: float, hurry: asyncio.Event | None) -> None:
    waits: set[asyncio.Future[Any]] = {asyncio.ensure_future(ending)}
    if hurry is not None:
        waits.add(asyncio.ensure_future(hurry.wait()))
    try:
        await asyncio.wait(waits, timeout=grace_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
