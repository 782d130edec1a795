"""TCP ports on loopback."""

from __future__ import annotations

import asyncio
import fcntl
import os
import random
import socket
import tempfile
from pathlib import Path

LOOPBACK = "127.0.0.1"

# Below the ranges from which Linux (32768-60999) and macOS (49152-65535) take the local end of outgoing connections:
# a port that is free now is still free when its owner is restarted after a crash.
_FIRST, _LAST = 20_000, 32_000


class Ports:
    """Chooses free ports, each for one system only.

    A server binds its port seconds after it was chosen. Until this process ends, a lock file tells other local systems
    of the same user that the port is spoken for.
    """

    def __init__(self, reservations: Path | None = None) -> None:
        self._folder = reservations or Path(tempfile.gettempdir(), f"recordsmith-ports-{os.getuid()}")
        self._locks: list[int] = []

    def choose(self, preferred: int | None = None) -> int:
        """`preferred` if it is free, else a free one."""
        candidates = [] if preferred is None else [preferred]
        for port in candidates + random.sample(range(_FIRST, _LAST), 200):
            if is_free(port) and self._reserve(port):
                return port
        raise OSError("no free port between 20000 and 32000 on 127.0.0.1")

    def _reserve(self, port: int) -> bool:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        lock = os.open(self._folder / str(port), os.O_CREAT | os.O_RDWR, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(lock)
            return False
        self._locks.append(lock)
        return True


def is_free(port: int) -> bool:
    """Whether a server could listen there now; a connection of an earlier server in TIME_WAIT does not count."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


async def answers(host: str, port: int, timeout_s: float = 1.0) -> bool:
    """Whether something accepts a TCP connection there."""
    try:
        async with asyncio.timeout(timeout_s):
            _, writer = await asyncio.open_connection(host, port)
    except OSError:
        return False
    writer.close()
    return True
