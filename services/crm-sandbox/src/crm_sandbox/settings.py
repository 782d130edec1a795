"""What the command line decides, and the data folder it names."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


class FolderInUseError(Exception):
    """Another sandbox serves this data folder; two would number the same records twice."""


@dataclass(frozen=True, slots=True)
class Settings:
    data: Path
    http_port: int = 0
    https_port: int = 0
    org: str = "claims"
    records: int = 200


@contextmanager
def claimed(folder: Path) -> Iterator[None]:
    """Hold the data folder for this process; the lock ends with the process, however it ends."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "sandbox.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise FolderInUseError(
                f"{folder} is served by another sandbox. Stop it or choose another --data."
            ) from error
        yield


def write_private(path: Path, content: bytes) -> None:
    """Replace a file in one step, readable by its owner only at every moment."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    draft.replace(path)
