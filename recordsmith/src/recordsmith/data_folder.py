"""The data folder of a local system: who uses it, its key, what a demo may throw away."""

from __future__ import annotations

import fcntl
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from recordsmith.problems import Problem

_LOCK = "run.lock"
_DEMO = "demo.marker"
_OF_A_DEMO = ("sandbox", "broker", "run.json", "summary.json", "inventory.csv")


def write_private(path: Path, content: str) -> None:
    """Replace a file in one step, readable by its owner only at every moment."""
    draft = path.with_name(f".{path.name}.new")
    with suppress(FileNotFoundError):
        draft.unlink()
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(content)
    draft.replace(path)


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold the folder for this process; the lock ends with the process, however it ends."""
    make(folder)
    with (folder / _LOCK).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            lock.seek(0)
            raise Problem(
                f"{folder} is in use by a running system (pid {lock.read().strip() or 'unknown'}).",
                "Stop that one first, or choose another folder with --data.",
            ) from error
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        (folder / "run.json").unlink(missing_ok=True)
        try:
            yield
        finally:
            (folder / "run.json").unlink(missing_ok=True)
            lock.truncate(0)


def make(folder: Path) -> None:
    """Create the folder, for its owner only: credentials and records lie in it."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Problem(f"{folder} cannot be a data folder: {error.strerror}.", "Choose another --data.") from error


def api_key(folder: Path, given: str | None) -> str:
    """The gateway's API key: the given one, else one made once and kept in the folder."""
    if given:
        return given
    file = folder / "api_key"
    with suppress(FileNotFoundError):
        if kept := file.read_text(encoding="utf-8").strip():
            file.chmod(0o600)
            return kept
    key = secrets.token_urlsafe(32)
    write_private(file, key + "\n")
    return key


def mark_as_demo(folder: Path) -> None:
    """Make sure that the folder is a demo's own before anything in it is thrown away."""
    marker = folder / _DEMO
    if folder.exists() and any(folder.iterdir()) and not marker.exists():
        raise Problem(
            f"{folder} holds files that no demo made, and a demo starts with an empty folder.",
            "Choose another folder with --data.",
        )
    make(folder)
    marker.touch()


def clear_demo(folder: Path) -> None:
    """Throw away what the last demo left, except its logs."""
    assert (folder / _DEMO).exists()  # noqa: S101 - the one guard against deleting somebody's work
    for path in [*(folder / name for name in _OF_A_DEMO), *folder.glob("*.sqlite3*")]:
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
