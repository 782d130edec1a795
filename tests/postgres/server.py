"""A PostgreSQL of the tests' own, from the machine's binaries, gone when they end.

    python -m tests.postgres.server --run COMMAND …     runs it with DATABASE_URL set

A `DATABASE_URL` that is already set is used as it is.
"""

from __future__ import annotations

import argparse
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

VERSIONS = Path("/usr/lib/postgresql")


@contextmanager
def postgres() -> Iterator[str]:
    """`postgresql://…` of an empty server on a free loopback port."""
    if given := os.environ.get("DATABASE_URL"):
        yield given
        return
    binaries = _binaries()
    folder = Path(tempfile.mkdtemp(prefix="recordsmith-postgres-"))
    port = _free_port()
    try:
        _hand_over(folder)
        _as_server_user(
            [str(binaries / "initdb"), "-D", str(folder / "data"), "-U", "recordsmith", "--auth=trust", "-N"]
        )
        options = f"-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={folder} -c fsync=off"
        control = [str(binaries / "pg_ctl"), "-D", str(folder / "data"), "-w", "-l", str(folder / "log")]
        _as_server_user([*control, "-o", options, "start"])
        try:
            yield f"postgresql://recordsmith@127.0.0.1:{port}/postgres"
        finally:
            _as_server_user([*control, "-m", "immediate", "stop"])
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _binaries() -> Path:
    found = sorted(VERSIONS.glob("*/bin/initdb"), key=lambda path: int(path.parent.parent.name))
    if found:
        return found[-1].parent
    if initdb := shutil.which("initdb"):
        return Path(initdb).parent
    raise SystemExit("No PostgreSQL server here. Install it (Debian: apt-get install postgresql) or set DATABASE_URL.")


def _hand_over(folder: Path) -> None:
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")


def _as_server_user(command: list[str]) -> None:
    """PostgreSQL refuses to run as root; Debian's package brings the user for it."""
    prefix = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    subprocess.run([*prefix, *command], check=True, stdout=subprocess.DEVNULL, cwd="/")


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def main() -> int:
    """Exit code of the command."""
    parser = argparse.ArgumentParser(prog="python -m tests.postgres.server", description=__doc__)
    parser.add_argument("--run", nargs=argparse.REMAINDER, required=True, metavar="COMMAND")
    command = parser.parse_args().run
    with postgres() as url:
        return subprocess.run(command, env=os.environ | {"DATABASE_URL": url}).returncode


if __name__ == "__main__":
    sys.exit(main())
