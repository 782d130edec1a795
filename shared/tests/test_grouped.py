"""Many small requests become few large ones, without making one wait that is alone."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest
from shared.grouped import Grouped

from shared.tests.bus.virtual_time import run

LINGER_S = 5.0


class Doubling:
    """Notes which items came together."""

    def __init__(self) -> None:
        self.groups: list[list[int]] = []

    async def __call__(self, items: list[int]) -> list[int]:
        self.groups.append(items)
        await asyncio.sleep(1.0)
        if 13 in items:
            raise ValueError("unlucky")
        return [2 * item for item in items]


def seconds(work: Coroutine[Any, Any, object]) -> float:
    """How long that takes."""

    async def timed() -> float:
        loop = asyncio.get_running_loop()
        began = loop.time()
        await work
        return loop.time() - began

    return run(timed())


def test_what_is_asked_for_within_the_linger_time_is_one_group() -> None:
    doubling = Doubling()

    async def ask() -> None:
        grouped = Grouped(doubling, linger_s=LINGER_S)
        assert await asyncio.gather(*map(grouped.do, range(3))) == [0, 2, 4]

    assert seconds(ask()) == pytest.approx(LINGER_S + 1)
    assert doubling.groups == [[0, 1, 2]]


def test_what_is_alone_does_not_linger_nor_do_those_that_wait_with_it() -> None:
    doubling = Doubling()

    async def ask() -> None:
        grouped = Grouped(doubling, linger_s=LINGER_S)
        waiting = asyncio.create_task(grouped.do(1))
        await asyncio.sleep(0.5)
        assert await grouped.do(2, alone=True) == 4
        assert await waiting == 2

    assert seconds(ask()) == pytest.approx(1.5)
    assert doubling.groups == [[1, 2]]


def test_what_comes_alone_while_a_group_is_worked_on_is_next_at_once() -> None:
    doubling = Doubling()

    async def ask() -> None:
        grouped = Grouped(doubling, linger_s=LINGER_S)
        first = asyncio.create_task(grouped.do(1, alone=True))
        await asyncio.sleep(0.5)
        assert await grouped.do(2, alone=True) == 4
        await first
        assert await grouped.do(3) == 6, "and who comes later lingers again"

    assert seconds(ask()) == pytest.approx(2 + LINGER_S + 1)
    assert doubling.groups == [[1], [2], [3]]


def test_an_error_is_for_those_of_its_group_alone() -> None:
    async def ask() -> None:
        grouped = Grouped(Doubling(), linger_s=LINGER_S)
        results = await asyncio.gather(grouped.do(12), grouped.do(13), return_exceptions=True)
        assert [type(result) for result in results] == [ValueError, ValueError]
        assert await grouped.do(14) == 28

    run(ask())
