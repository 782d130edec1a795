"""Whose chunk is published next."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass


@dataclass
class _Waiting:
    key: str
    cost: int


class Turns:
    """Deficit round-robin: every batch that waits gets `quantum` of credit a round and pays its chunk with it.

    What is left over stays while the batch is active, so that a batch of small chunks is not behind one of large ones.
    """

    def __init__(self, quantum: int) -> None:
        self._quantum = quantum
        self._waiting: deque[_Waiting] = deque()
        self._credit: dict[str, int] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def join(self, key: str, cost: int) -> None:
        """`key` has a chunk of `cost` records ready."""
        self._waiting.append(_Waiting(key, cost))

    def leave(self, key: str) -> None:
        """`key` wants nothing any more; its credit is forgotten."""
        self._waiting = deque(waiting for waiting in self._waiting if waiting.key != key)
        self._credit.pop(key, None)

    def next(self) -> str | None:
        """The key whose turn it is; None when nobody waits."""
        while self._waiting:
            waiting = self._waiting.popleft()
            credit = self._credit.get(waiting.key, 0) + self._quantum
            if waiting.cost <= credit:
                self._credit[waiting.key] = min(credit - waiting.cost, self._quantum)
                return waiting.key
            self._credit[waiting.key] = credit
            self._waiting.append(waiting)
        return None
