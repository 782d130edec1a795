"""The org's SQLite file: one connection that writes, one that reads beside it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_ALONE = ("BEGIN IMMEDIATE", "COMMIT", ("ROLLBACK",))
_WITHIN = ("SAVEPOINT part", "RELEASE part", ("ROLLBACK TO part", "RELEASE part"))


class Store:
    def __init__(self, path: Path) -> None:
        self.writer = _connect(path)
        # WAL lets this one read a long list in its own thread while the other goes on writing.
        self.reader = _connect(path)
        self.writer.execute("CREATE TABLE IF NOT EXISTS facts (name TEXT PRIMARY KEY, value TEXT NOT NULL)")

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """All or nothing; within another one, a part that can be taken back by itself."""
        begin, end, back = _WITHIN if self.writer.in_transaction else _ALONE
        self.writer.execute(begin)
        try:
            yield self.writer
        except BaseException:
            for step in back:
                self.writer.execute(step)
            raise
        self.writer.execute(end)

    def fact(self, name: str) -> str | None:
        row = self.writer.execute("SELECT value FROM facts WHERE name = ?", (name,)).fetchone()
        return None if row is None else str(row[0])

    def remember(self, name: str, value: str) -> None:
        self.writer.execute("INSERT OR REPLACE INTO facts VALUES (?, ?)", (name, value))

    def clear(self) -> None:
        """Drop every table but the facts."""
        with self.transaction() as db:
            tables = db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name <> 'facts'").fetchall()
            for (name,) in tables:
                db.execute(f'DROP TABLE "{name}"')
            db.execute("DELETE FROM facts")

    def close(self) -> None:
        self.reader.close()
        self.writer.close()


def _connect(path: Path) -> sqlite3.Connection:
    db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, cached_statements=512, timeout=30)
    db.execute("PRAGMA journal_mode = WAL")
    # A sandbox must survive its own death, which the page cache of the system grants; not a power cut.
    db.execute("PRAGMA synchronous = OFF")
    db.execute("PRAGMA cache_size = -65536")
    db.execute("PRAGMA temp_store = MEMORY")
    db.create_function("fold", 1, _fold, deterministic=True)
    return db


def _fold(value: Any) -> Any:
    """SQLite's own NOCASE knows A to Z only."""
    return value.casefold() if isinstance(value, str) else value
