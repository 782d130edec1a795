"""Who is next: one of each batch in turn, however many a batch has waiting."""

from __future__ import annotations

from collections import OrderedDict, deque
from typing import Generic, TypeVar

T = TypeVar("T")


class FairQueue(Generic[T]):
    """Round-robin over batches, first come first served within one."""

    def __init__(self) -> None:
        self._batches: OrderedDict[str, deque[T]] = OrderedDict()

    def __bool__(self) -> bool:
        return bool(self._batches)

    def push(self, batch_id: str, waiting: T) -> None:
        """Behind the others of its batch."""
        queue = self._batches.get(batch_id)
        if queue is None:
            queue = self._batches[batch_id] = deque()
        queue.append(waiting)

    def pop(self) -> T:
        """The first of the batch whose turn it is; that batch then goes to the end."""
        batch_id, queue = next(iter(self._batches.items()))
        waiting = queue.popleft()
        if queue:
            self._batches.move_to_end(batch_id)
        else:
            del self._batches[batch_id]
        return waiting

    def drop(self, batch_id: str) -> list[T]:
        """All of a batch, out of the queue."""
        return list(self._batches.pop(batch_id, ()))

    def keep(self, others: list[tuple[str, T]]) -> None:
        """Replace what waits."""
        self._batches.clear()
        for batch_id, waiting in others:
            self.push(batch_id, waiting)

    def items(self) -> list[tuple[str, T]]:
        """Everything that waits, batch by batch."""
        return [(batch_id, waiting) for batch_id, queue in self._batches.items() for waiting in queue]
