"""The files of one job: what was uploaded, what became of it, what a query found."""

import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

PART = 1 << 16


class JobFiles:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.upload = folder / "upload.csv"
        self.successful = folder / "successful.csv"
        self.failed = folder / "failed.csv"
        self.result = folder / "result.csv"
        self.places = folder / "result.places"

    def take(self, upload: Path) -> None:
        """Move an upload here."""
        self.folder.mkdir(parents=True, exist_ok=True)
        upload.replace(self.upload)

    def put(self, content: bytes) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.upload.write_bytes(content)

    def cut(self, path: Path, size: int) -> None:
        """Drop what was written after the last commit."""
        if path.exists() and path.stat().st_size > size:
            os.truncate(path, size)

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)


def part_of(path: Path, start: int, end: int | None = None) -> Iterator[bytes]:
    """The bytes of a file from one place to another."""
    with path.open("rb") as file:
        file.seek(start)
        left = (path.stat().st_size if end is None else end) - start
        while left > 0 and (part := file.read(min(PART, left))):
            left -= len(part)
            yield part


def append(path: Path, lines: Sequence[bytes]) -> int:
    """Add lines to a file; its size then."""
    with path.open("ab") as file:
        file.write(b"".join(lines))
        return file.tell()
