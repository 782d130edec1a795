"""Designed schema maps in a JSON file, `{hash: schema map}` (S3-18), for commands that run without a service."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import orjson

NAME = "schemas.json"


class SchemaFile:
    """Every write is a new file in place of the old one; two processes take turns."""

    def __init__(self, path: Path) -> None:
        self.path = path

    async def find(self, key: str) -> dict[str, Any] | None:
        """The map of a description, if it was designed before."""
        found = self._read().get(key)
        return found if isinstance(found, dict) else None

    async def keep(self, key: str, schema: dict[str, Any]) -> dict[str, Any]:
        """Stores it unless there is one. Where the folder cannot be written to, it is just not kept."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self._alone():
                stored = self._read()
                kept: dict[str, Any] = stored.setdefault(key, schema)
                self._write(stored)
        except OSError:
            return schema
        return kept

    def _read(self) -> dict[str, Any]:
        try:
            stored = orjson.loads(self.path.read_bytes())
        except FileNotFoundError:
            return {}
        except (OSError, orjson.JSONDecodeError):
            return {}
        return stored if isinstance(stored, dict) else {}

    def _write(self, stored: dict[str, Any]) -> None:
        if self.path.exists() and not self._read():
            os.replace(self.path, self.path.with_suffix(".broken"))  # somebody's file: kept, not written over
        temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}")
        temporary.write_bytes(orjson.dumps(stored, option=orjson.OPT_INDENT_2))
        os.replace(temporary, self.path)

    @contextmanager
    def _alone(self) -> Iterator[None]:
        with self.path.with_name(f".{self.path.name}.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield
