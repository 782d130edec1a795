"""A file that pieces of bytes are written to, one after the other."""

from __future__ import annotations

from pathlib import Path


class PlainFile:
    """A sink for forms whose pieces only need something before, between and after them."""

    def __init__(self, place: str, *, begin: bytes = b"", between: bytes = b"", end: bytes = b"") -> None:
        self._path = Path(place)
        self._between, self._end = between, end
        self._is_first = True
        self._file = self._path.open("wb", buffering=1 << 20)
        self._file.write(begin)

    def write(self, piece: bytes) -> None:
        """Take the next rows."""
        if not piece:
            return
        if not self._is_first and self._between:
            self._file.write(self._between)
        self._is_first = False
        self._file.write(piece)

    def finish(self) -> None:
        """End the file."""
        self._file.write(self._end)
        self._file.close()

    def discard(self) -> None:
        """Remove it."""
        self._file.close()
        self._path.unlink(missing_ok=True)
