"""How a handler says that it cannot know yet what to do with a record."""

from __future__ import annotations


class Parked(Exception):  # not an error: the record waits
    """The record waits in memory until `bus.release(key)`; its offset stays open and its slot is free for others.

    After `timeout_s` without a release it counts as `Retryable`.
    """

    def __init__(self, key: object, timeout_s: float | None = None) -> None:
        super().__init__(key)
        self.key = key
        self.timeout_s = timeout_s
