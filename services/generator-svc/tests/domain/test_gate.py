"""Who may call a model, and when."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from generator_svc.domain.aimd import AimdLimit, LatencyLimit
from generator_svc.domain.breaker import FIRST_PAUSE_S, PATIENCE_S, THRESHOLD, Breaker
from generator_svc.domain.failures import from_status, timed_out, unreachable
from generator_svc.domain.gate import Dismissed, Gate, Lane, Unavailable

BULK: Lane = "bulk"
INTERACTIVE: Lane = "interactive"
DOWN = unreachable()


@pytest.fixture
def new_gate(clock: Any) -> Any:
    return lambda slots=2, breaker=None: Gate(AimdLimit(start=slots, maximum=slots), breaker or Breaker(), clock)


async def turn() -> None:
    for _ in range(3):
        await asyncio.sleep(0)


async def test_a_small_batch_behind_a_large_one_gets_every_second_slot(new_gate: Any, clock: Any) -> None:
    gate, order = new_gate(slots=1), []

    async def call(batch: str) -> None:
        await gate.enter(batch, BULK)
        order.append(batch)
        await asyncio.sleep(0)
        gate.leave(BULK, started=clock.now())

    large = [asyncio.create_task(call("large")) for _ in range(3_000)]
    await asyncio.sleep(0)
    small = [asyncio.create_task(call("small")) for _ in range(20)]
    await asyncio.gather(*large, *small)
    positions = [position for position, batch in enumerate(order) if batch == "small"]
    begin = positions[0]
    assert positions == list(range(begin, begin + 40, 2))


async def test_a_slot_is_taken_again_the_moment_it_is_left(new_gate: Any, clock: Any) -> None:
    gate = new_gate(slots=1)
    await gate.enter("a", BULK)
    waiting = asyncio.create_task(gate.enter("a", BULK))
    await turn()
    gate.leave(BULK, started=clock.now())
    assert gate.in_flight == 1
    await waiting


async def test_interactive_prompts_find_a_quarter_of_the_slots_free(new_gate: Any, clock: Any) -> None:
    gate = new_gate(slots=8)
    await gate.enter("i", INTERACTIVE)
    gate.leave(INTERACTIVE, started=clock.now())
    bulk = [asyncio.create_task(gate.enter("b", BULK)) for _ in range(20)]
    await turn()
    assert gate.in_flight == 6
    await asyncio.wait_for(gate.enter("i", INTERACTIVE), 1)
    for task in bulk:
        task.cancel()


async def test_without_interactive_prompts_bulk_has_all_slots(new_gate: Any) -> None:
    gate = new_gate(slots=8)
    for _ in range(8):
        await asyncio.wait_for(gate.enter("b", BULK), 1)
    assert gate.in_flight == 8


async def test_a_dismissed_batch_stops_waiting_and_others_go_on(new_gate: Any, clock: Any) -> None:
    gate = new_gate(slots=1)
    await gate.enter("a", BULK)
    stopped, other = (asyncio.create_task(gate.enter(batch, BULK)) for batch in ("stopped", "other"))
    await turn()
    gate.dismiss("stopped")
    with pytest.raises(Dismissed):
        await stopped
    gate.leave(BULK, started=clock.now())
    await asyncio.wait_for(other, 1)


async def test_a_429_holds_everybody_until_retry_after(new_gate: Any, clock: Any) -> None:
    gate = new_gate()
    await gate.enter("a", BULK)
    gate.leave(BULK, started=clock.now(), error=from_status(429, {"retry-after": "5"}, {}))
    waiting = asyncio.create_task(gate.enter("a", BULK))
    await clock.pass_time(4.9)
    assert not waiting.done()
    await clock.pass_time(0.2)
    assert waiting.done()


async def test_a_cancelled_wait_leaves_no_slot_behind(new_gate: Any, clock: Any) -> None:
    gate = new_gate(slots=1)
    await gate.enter("a", BULK)
    waiting = asyncio.create_task(gate.enter("a", BULK))
    await turn()
    gate.leave(BULK, started=clock.now())  # admitted, but cancelled before it runs
    waiting.cancel()
    await asyncio.wait([waiting])
    assert gate.in_flight == 0


def test_ten_bad_prompts_among_two_hundred_never_trip_the_breaker() -> None:
    breaker = Breaker()
    for number in range(200):
        breaker.failed(0.0, first_call=True) if number % 20 == 5 else breaker.succeeded()
    for _ in range(2 * 10):
        breaker.failed(3.0, first_call=False)
    assert not breaker.is_open


def test_a_provider_that_answers_nobody_trips_it_and_one_probe_closes_it() -> None:
    breaker = Breaker()
    for _ in range(THRESHOLD):
        breaker.failed(0.0, first_call=True)
    assert breaker.allowance(0.5) == 0
    assert breaker.allowance(FIRST_PAUSE_S) == 1
    breaker.failed(FIRST_PAUSE_S, first_call=True)
    assert breaker.allowance(FIRST_PAUSE_S + 1.9) == 0
    breaker.succeeded()
    assert breaker.allowance(4.0) > 1_000


async def tripped(gate: Gate, clock: Any) -> None:
    for _ in range(THRESHOLD):
        await gate.enter("a", BULK)
        gate.leave(BULK, started=clock.now(), error=DOWN)


async def test_behind_an_open_breaker_a_prompt_with_another_model_goes_on_and_one_without_waits(
    new_gate: Any, clock: Any
) -> None:
    gate = new_gate()
    await tripped(gate, clock)
    with pytest.raises(Unavailable):
        await gate.enter("a", BULK, patient=False)
    waiting = asyncio.create_task(gate.enter("a", BULK))
    await clock.pass_time(FIRST_PAUSE_S + 0.1)
    assert waiting.done(), "it is the probe"


async def test_nobody_waits_for_ever_behind_an_open_breaker(new_gate: Any, clock: Any) -> None:
    gate = new_gate(slots=1)
    await tripped(gate, clock)
    began = clock.now()
    tasks = [asyncio.create_task(gate.enter("a", BULK)) for _ in range(30)]
    probed: set[asyncio.Task[None]] = set()
    while not all(task.done() for task in tasks):
        await clock.pass_time(1.0)
        for task in tasks:
            if task.done() and task not in probed and task.exception() is None:
                probed.add(task)
                gate.leave(BULK, started=clock.now(), error=DOWN)
    assert clock.now() - began <= PATIENCE_S + 35
    assert len(probed) < 10


def test_the_limit_falls_once_a_window_and_rises_by_one_a_clean_window() -> None:
    limit = AimdLimit(start=100, maximum=100)
    for _ in range(50):
        limit.overloaded(10.0, started=9.0)
    assert limit.value == 70
    for step in range(1, 40):
        limit.succeeded(10.0 + step * 0.26, 0.2)
    assert 70 < limit.value <= 80


def test_calls_from_before_a_decrease_do_not_decrease_again() -> None:
    limit = AimdLimit(start=100, maximum=100)
    limit.overloaded(20.0, started=10.0)
    limit.overloaded(25.0, started=15.0)
    assert limit.value == 70


def test_a_server_that_queues_is_found_out_by_its_latency() -> None:
    limit, slots, now = LatencyLimit(start=4, maximum=64), 4, 0.0
    seen = []
    for _ in range(600):
        seconds = 1.0 * max(1.0, limit.value / slots)  # it works on four at a time and queues the rest
        now += 0.3
        limit.succeeded(now, seconds)
        seen.append(limit.value)
    assert max(seen[100:]) <= 10


def test_a_timeout_lowers_the_limit() -> None:
    assert timed_out(3).overload
