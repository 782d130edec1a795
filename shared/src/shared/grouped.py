"""Many small requests become few large ones."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Generic, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Grouped(Generic[Item, Result]):
    """Collects what is asked for while the last group is worked on, and for a few milliseconds more."""

    def __init__(
        self, work: Callable[[list[Item]], Awaitable[list[Result]]], *, linger_s: float, most: int = 500
    ) -> None:
        """`work` gives a result per item, in order."""
        self._work = work
        self._linger_s = linger_s
        self._most = most
        self._waiting: list[tuple[Item, asyncio.Future[Result]]] = []
        self._worker: asyncio.Task[None] | None = None
        self._hurried = asyncio.Event()

    async def do(self, item: Item, *, alone: bool = False) -> Result:
        """The result for one item. Where it is `alone` it does not linger, nor do those that wait with it."""
        done = self._put(item)
        if alone:
            self._hurried.set()
        return await done

    def post(self, item: Item) -> None:
        """Have it done some time soon; nobody waits for it, and nobody minds if it fails."""
        self._put(item).add_done_callback(_seen)

    def _put(self, item: Item) -> asyncio.Future[Result]:
        done: asyncio.Future[Result] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, done))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._run())
        return done

    async def idle(self) -> None:
        """Returns when nothing is waiting any more."""
        if self._worker is not None:
            with suppress(Exception):
                await self._worker

    async def _run(self) -> None:
        while self._waiting:
            await self._linger()
            group, self._waiting = self._waiting[: self._most], self._waiting[self._most :]
            try:
                results = await self._work([item for item, _ in group])
            except Exception as error:
                for _, done in group:
                    if not done.done():
                        done.set_exception(error)
            else:
                for (_, done), result in zip(group, results, strict=True):
                    if not done.done():
                        done.set_result(result)

    async def _linger(self) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(self._linger_s):
                await self._hurried.wait()
        self._hurried.clear()


def _seen(done: asyncio.Future[Result]) -> None:
    if not done.cancelled():
        done.exception()
